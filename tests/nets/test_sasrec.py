"""SASRec's two networks: what may be seen, what may not, and that shortcuts change nothing."""

import pytest
import torch
from torch import Tensor, nn

from smartgen.core.types import Sequences
from smartgen.nets.noise import drop
from smartgen.nets.sasrec import BehaviorSASRec, Block, TokenSASRec
from smartgen.training.tokens import TokenBatches

TOKENS = torch.tensor([[0, 0, 3, 0, 7], [1, 2, 3, 4, 5], [0, 0, 0, 0, 6]])
SIZES = torch.tensor([4, 5, 1])  # the first row begins with a real token of id 0


def nets(length: int = 200) -> tuple[TokenSASRec, TokenSASRec]:
    torch.manual_seed(0)
    folded, whole = TokenSASRec(9, length=length), TokenSASRec(9, length=length, folded=False)
    whole.load_state_dict(folded.state_dict())
    return folded.eval(), whole.eval()


@pytest.mark.parametrize("length", [5, 6, 200])
def test_one_pad_for_all_gives_what_all_pads_give(length: int) -> None:
    folded, whole = nets(length)
    for row, size in enumerate(SIZES):
        ours, theirs = folded(TOKENS, SIZES)[row, -size:], whole(TOKENS, SIZES)[row, -size:]
        assert (ours - theirs).abs().max() < 3e-6


def test_the_length_is_part_of_the_released_model() -> None:
    short, long = nets(20)[0], nets(200)[0]
    long.load_state_dict(
        short.state_dict() | {"positions.weight": torch.cat([torch.zeros(180, 50), short.positions.weight])}
    )
    assert (short(TOKENS, SIZES)[0, -1] - long(TOKENS, SIZES)[0, -1]).abs().max() > 1e-3


def test_more_pads_in_a_batch_change_nothing() -> None:
    folded, _ = nets()
    wide = torch.nn.functional.pad(TOKENS, (7, 0))
    assert (folded(TOKENS, SIZES)[:, -1] - folded(wide, SIZES)[:, -1]).abs().max() < 1e-6


def test_nothing_later_is_seen() -> None:
    for network in nets():
        changed = TOKENS.clone()
        changed[:, -1] = 8
        assert (network(TOKENS, SIZES)[:, :-1] - network(changed, SIZES)[:, :-1]).abs().max() < 1e-6


def test_attention_is_pytorchs() -> None:
    torch.manual_seed(0)
    block, x = Block(8, 2, 0.0).eval(), torch.randn(3, 5, 8)
    mask = torch.full((5, 5), -torch.inf).triu(1)
    queries = block.attention_norm(x)
    theirs = block.attention(*(part.transpose(0, 1) for part in (queries, x, x)), attn_mask=mask)[
        0
    ].transpose(0, 1)
    y = block.feed_norm(queries + theirs)
    wanted = y + block.outer(torch.relu(block.inner(y)))
    assert (block(x, mask[None]) - wanted).abs().max() < 1e-6


def test_id_0_is_the_zero_vector_and_never_learns() -> None:
    network, _ = nets()
    network.train()
    network(TOKENS, SIZES).sum().backward()
    for table in (network.items, network.positions):
        assert not table.weight[0].any()
        assert table.weight.grad is not None
        assert not table.weight.grad[0].any()


def test_dropout_spares_what_it_is_told_to() -> None:
    torch.manual_seed(0)
    kept = drop(torch.ones(2, 50, 3, requires_grad=True), 0.5, spared=1)
    assert bool((kept[:, 0] == 1).all())
    assert set(kept[:, 1:].flatten().tolist()) == {0.0, 2.0}


PAD = 6


def behaviors(*lengths: int) -> Tensor:
    torch.manual_seed(1)
    rows = torch.randint(0, 3, (len(lengths), max(lengths), 4))
    for row, length in zip(rows, lengths, strict=True):
        row[length:] = PAD
    return rows


def behavior_net(dropout: float = 0.0) -> BehaviorSASRec:
    torch.manual_seed(0)
    return BehaviorSASRec((7, 8, 3, 6), PAD, width=8, dropout=dropout, length=12)


def logits(network: nn.Module, rows: Tensor) -> Tensor:
    found: Tensor = network(rows, rows[:, :, 0] != PAD)
    return found


def test_no_pad_and_nothing_later_is_seen_of_behaviors() -> None:
    network, rows = behavior_net().eval(), behaviors(4, 2)
    alone = [logits(network, rows[:1]), logits(network, rows[1:, :2])]
    together = logits(network, rows)
    assert (torch.cat(alone) - together).abs().max() < 1e-6
    prefix = logits(network, rows[:1, :3])
    assert (prefix - together[:3]).abs().max() < 1e-6


def test_every_field_counts_and_only_actions_are_scored() -> None:
    network, rows = behavior_net().eval(), behaviors(4)
    before = logits(network, rows)
    assert before.shape == (4, 6)
    for field in range(4):
        changed = rows.clone()
        changed[0, 0, field] = (changed[0, 0, field] + 1) % 3
        assert (logits(network, changed) - before).abs().max() > 1e-4


def test_rows_longer_than_its_positions_are_refused() -> None:
    with pytest.raises(ValueError, match="12 at most"):
        logits(behavior_net(), behaviors(13))


def test_a_batch_is_no_wider_than_the_networks_positions() -> None:
    rows = Sequences.from_lists([[1, 2, 3, 4] * 9, [1, 2, 3, 4] * 2, [5, 6, 7, 8] * 9])
    for epoch in TokenBatches(rows, largest=9, batch_size=2, epochs=2, seed=0, length=12):
        for tokens, sizes, wanted, _ in epoch:
            assert tokens.shape == wanted.shape
            assert tokens.shape[1] <= 12 >= int(sizes.max())
