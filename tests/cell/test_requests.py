"""Requests to an LLM: as many as planned, none for what was answered, whatever detector asks."""

import json

from smartgen.settings import DetectorSettings, SimilaritySscSettings, StageSettings
from smartgen.synthesizer_settings import LlmSettings

ANSWER = [[{"day": "Monday", "hour": "(0~3)", "action": "Light:switch on"}] * 2]


def answer(_, body):
    schema = body["response_format"]["json_schema"]["schema"]["properties"]["sequences"]["items"]["items"]
    action = schema["properties"]["action"]["enum"][0]
    rows = [[{"day": "Monday", "hour": "(0~3)", "action": action}] * 2]
    return {"text": json.dumps({"sequences": rows})}


def test_a_set_is_asked_for_once(cell, run, endpoint, tmp_path):
    server = endpoint(answer)

    def live(detector, concurrency=1, **more):
        llm = LlmSettings(name="test", model="m", base_url=server.url, needs_key=False, max_tokens=500)
        llm.concurrency = concurrency
        stage = StageSettings(ssc=SimilaritySscSettings(name="similarity", share=0.5))
        return cell(tmp_path, synthesizer=llm, stage=stage, detector=DetectorSettings(name=detector), **more)

    planned = run(live("seen", plan=True)).plan
    assert server.calls == 0
    assert planned.calls == len(planned.asked) > 1
    run(live("seen", concurrency=3))
    assert server.calls == planned.calls, "no more than planned, one after the other or not"
    run(live("seen", force=True))
    run(live("length"))
    assert server.calls == planned.calls, "neither the cell once more nor another detector asks anything"
    assert run(live("length", plan=True, force=True)).plan.asked == {}
