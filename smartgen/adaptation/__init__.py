"""Regime ``adapted``: old log and written set together, each for what it knows (ours).

An LLM knows which devices and hours a change touches, and names behaviors that the home never had; it does
not know the home: its sets hardly repeat an action, and give every device a share. The old log knows how this
home's behaviors follow each other, repeat, and which commands it uses, but of the old context. So experts are
trained alike, one set each, and their opinions are pooled:

``source``
    the old log as it is: habits that the change does not touch.
``moved``
    the old log moved to the new context. Let p be the shares of devices in the old log, q those in the
    written set. Both are noisy, so the new context's shares r are a positive-part James-Stein compromise,
    r = p + t (q - p), t = max(0, 1 - (noise / d)^2), d the total variation between p and q: a difference as
    small as an LLM's carelessness is not followed, a large one nearly whole (``shares``). Of all ways to
    turn p into r the maximal coupling moves least: a device of a sequence is kept with probability
    min(1, r/p), else it becomes one drawn from the excess max(0, r - p); hours alike (``coupling``). What is
    moved is moved wherever it stands in the sequence, so that the order of the old log, its repeats and
    pairs, stays (``moved``). A device that comes uses the actions that the log or the written set gives it,
    and the commands that this home uses elsewhere (``actions``). A quarter of the set are two such
    sequences merged, since an old log may hold one habit at a time where the new context has several.
``written``
    the written set as it is.

Predictors are pooled as a mixture, sum of P(i | history) P_i(action | history). Before the history is read
expert i has the weight w_source = 1 - t, t that of the devices, and t / 2 for each of the others: the more
devices the written set exchanges, the less the log is believed; hours do not count (``experts``). The history
multiplies the weight by how familiar it is to the expert, the geometric mean of its actions' shares in the
expert's set: an expert that never saw a device has no say in what follows it. Detectors have no ``source``,
since an attack is often a habit of the old context; each of the others turns a score into its rank among the
held-out sequences of both, and the mean rank is the committee's score (``protocols.committee``). Experts see
nothing of the new context but the written set.

Sources: James and Stein 1961 and its positive part, here as a heuristic for shares; the maximal coupling, see
Levin and Peres, Markov Chains and Mixing Times, chapter 4; linear opinion pools, Stone 1961.
"""
