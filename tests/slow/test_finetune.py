"""From a checkpoint to a fine-tuned, exported encoder, on a tiny BERT built in memory."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip(
    "torch", reason="fine-tuning needs the extra: pip install 'farz[finetune]'"
)
pytest.importorskip("transformers", reason="fine-tuning needs the extra: 'farz[finetune]'")

from safetensors.numpy import load_file  # noqa: E402
from scipy.sparse import csr_array  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402
from transformers import BertConfig, BertModel  # noqa: E402

from data.errors import FieldError  # noqa: E402
from data.records import LabelledReport, Report  # noqa: E402
from data.taxonomy import Taxonomy, load_taxonomy  # noqa: E402
from model.bundle import load_scorer  # noqa: E402
from model.encoder import Encoder  # noqa: E402
from tests import tiny  # noqa: E402
from tests.conftest import ROOT  # noqa: E402
from training.config import FeatureConfig, SplitConfig, TrainingConfig  # noqa: E402
from training.encoder import make  # noqa: E402
from training.encoder.batches import batches, targets  # noqa: E402
from training.encoder.config import FinetuneConfig  # noqa: E402
from training.encoder.export import export, fuse  # noqa: E402
from training.encoder.finetune import Finetuning  # noqa: E402
from training.encoder.folder import load_folder  # noqa: E402
from training.encoder.interpolation import Interpolation  # noqa: E402
from training.encoder.losses import (  # noqa: E402
    Weights,
    balanced_weights,
    contrastive_loss,
    heads_loss,
    weights_of,
)
from training.encoder.network import load_encoder  # noqa: E402
from training.encoder.optimisation import rate_at  # noqa: E402
from training.encoder.sources import fetch  # noqa: E402
from training.encoder.trim import EMBEDDING, trim  # noqa: E402
from training.train import train  # noqa: E402

pytestmark = [
    pytest.mark.slow,
    # torch's tracing exporter and scikit-learn's solver on a handful of texts have things to say.
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]
DATA = [ROOT / "data" / "corpus" / "zgh" / "zgh-a.jsonl"]
FAST = FinetuneConfig(
    epochs=6, batch_tokens=512, rate=3e-3, head_rate=1e-2, augmentation="none", dev=0.1, patience=6
)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A two-layer BERT with random weights, as ``fetch`` writes it."""
    folder = tmp_path_factory.mktemp("tiny-bert")
    torch.manual_seed(0)
    pieces = len(json.loads(tiny.tokenizer())["model"]["vocab"])
    config = BertConfig(
        vocab_size=pieces,
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=128,
        pad_token_id=1,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder / "bert")
    (folder / "bert" / "tokenizer.json").write_bytes(tiny.tokenizer())
    fetch(f"folder:{folder / 'bert'}", folder / "fetched")
    return folder / "fetched"


@pytest.fixture(scope="module")
def prepared(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny encoder as it comes, with all its pieces."""
    folder = tmp_path_factory.mktemp("prepared")
    keep = set(Tokenizer.from_file(str(checkpoint / "tokenizer.json")).get_vocab())
    with pytest.MonkeyPatch.context() as patch:  # the word lists are large, and not the point
        patch.setattr(make, "pieces_to_keep", lambda *_: keep)
        make.prepare(checkpoint, DATA, load_taxonomy(), folder / "tiny")
    return folder / "tiny"


TEXTS = ["salam", "kif dayr", "bghit nbelegh 3la wahed khona " * 4, "سلام"]


def embedded(folder: Path) -> np.ndarray:
    network = load_encoder(folder, eager=True).eval()
    graph = export(network).SerializeToString()
    return Encoder(graph, (folder / "tokenizer.json").read_bytes()).embed(TEXTS)


def test_trimming_changes_no_answer_on_kept_pieces(checkpoint: Path, tmp_path: Path):
    tokenizer = Tokenizer.from_file(str(checkpoint / "tokenizer.json"))
    unused = {"▁z", "▁8", "ɛ"}
    kept = trim(checkpoint, tmp_path / "trimmed", {*tokenizer.get_vocab()} - unused)
    assert kept == tokenizer.get_vocab_size() - len(unused)
    trimmed = Tokenizer.from_file(str(tmp_path / "trimmed" / "tokenizer.json"))
    for text in TEXTS:
        assert trimmed.encode(text).tokens == tokenizer.encode(text).tokens
    assert "<unk>" not in trimmed.encode("zz 88").tokens  # cut into smaller pieces instead
    assert trimmed.encode("€").ids[1:-1].count(trimmed.token_to_id("<unk>")) == 1
    assert np.array_equal(embedded(checkpoint), embedded(tmp_path / "trimmed"))


def test_every_step_to_the_small_graph_stays_near_torch(prepared: Path):
    folder = prepared / make.TRIMMED
    network = load_encoder(folder, eager=True).eval()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    ids = [tokenizer.encode("query: " + text).ids for text in TEXTS]
    with torch.no_grad():
        exact = np.stack(
            [
                network(
                    input_ids=torch.tensor([row]), attention_mask=torch.ones(1, len(row)).long()
                )
                .last_hidden_state[0]
                .mean(0)
                .numpy()
                for row in ids
            ]
        )
    fused = fuse(export(network), 2, 64).SerializeToString()
    whole = Encoder(fused, (folder / "tokenizer.json").read_bytes()).embed(TEXTS)
    assert np.allclose(whole, exact, atol=1e-4)
    small = load_folder(prepared).encoder.embed(TEXTS)
    # Random weights have outliers everywhere; the real encoder stays above 0.97.
    assert make.cosines(exact, small).min() > 0.8
    operators = {node.op_type for node in make.onnx.load(prepared / "encoder.onnx").graph.node}
    assert {"QAttention", "MatMulNBits", "GatherBlockQuantized"} <= operators
    assert "MatMul" not in operators, "a product was left in float32"


def test_a_few_texts_are_learnt_by_heart(
    prepared: Path, records: list[LabelledReport], taxonomy: Taxonomy
):
    run = Finetuning(
        prepared / make.TRIMMED, records, records[::5], taxonomy, replace(FAST, epochs=12), seed=1
    )
    before = load_file(prepared / make.TRIMMED / "model.safetensors")[EMBEDDING]
    run.run()
    answers = run.heads().probabilities(csr_array(run.embed(records)))
    named = [taxonomy.category_codes[i] for i in answers["category"].argmax(axis=1)]
    assert np.mean([n == r.category for n, r in zip(named, records, strict=True)]) > 0.95
    grooming = np.array(["child_grooming" in r.flags for r in records])
    raised = answers["flag:child_grooming"][:, 0]
    assert raised[grooming].min() > raised[~grooming].max()
    after = run.network.encoder.embeddings.word_embeddings.weight.detach().numpy()
    assert np.array_equal(before, after), "the vocabulary is frozen"
    assert run.history[-1]["loss"] < run.history[0]["loss"] / 2


def test_a_state_of_another_run_is_not_gone_on_from(
    prepared: Path, records: list[LabelledReport], taxonomy: Taxonomy, tmp_path: Path
):
    config = replace(FAST, epochs=1)
    state = tmp_path / "state.pt"
    Finetuning(prepared / make.TRIMMED, records, records[::7], taxonomy, config, 2).run(state)
    relabelled = [replace(records[0], priority="P1"), *records[1:]]
    run = Finetuning(prepared / make.TRIMMED, relabelled, records[::7], taxonomy, config, 2)
    steps: list[int] = []
    run.run(state, progress=lambda done, *_: steps.append(done))
    assert min(steps) == 1, "it went on with the labels of before"


def test_averaged_weights_are_those_that_are_measured_and_kept(
    prepared: Path, records: list[LabelledReport], taxonomy: Taxonomy
):
    plain, averaged = (
        Finetuning(
            prepared / make.TRIMMED,
            records,
            records[::7],
            taxonomy,
            replace(FAST, epochs=1, average=average),
            seed=2,
        )
        for average in (0.0, 0.95)
    )
    seen: list[np.ndarray] = []
    for run in (plain, averaged):
        run.run(after_epoch=lambda _, run=run: seen.append(run.heads().heads[0].weights))
    assert not np.allclose(seen[0], seen[1], atol=1e-3)
    assert np.array_equal(averaged.heads().heads[0].weights, seen[1])


def test_a_missing_label_adds_nothing_to_the_loss(taxonomy: Taxonomy):
    whole = LabelledReport("1", "a", "fraud", "fr", "P2", ("minor_involved",), "test", None)
    bare = replace(whole, priority=None, flags=None)
    logits = {
        "category": torch.zeros(2, len(taxonomy.category_codes)),
        "priority": torch.tensor([[5.0, 0, 0, 0], [9.0, 0, 0, 0]]),
        "flags": torch.full((2, len(taxonomy.flag_codes)), 3.0),
    }
    weights = Weights(
        torch.ones(len(taxonomy.category_codes)),
        torch.ones(2),
        torch.ones(len(taxonomy.flag_codes)),
    )
    rows = np.array([0, 1])
    both = heads_loss(logits, targets([whole, bare], taxonomy), rows, weights, FAST)
    louder = {**logits, "priority": logits["priority"] * torch.tensor([[1.0], [7.0]])}
    louder["flags"] = logits["flags"] * torch.tensor([[1.0], [7.0]])
    same = heads_loss(louder, targets([whole, bare], taxonomy), rows, weights, FAST)
    assert torch.equal(both, same), "the record without labels moved the loss"
    known = heads_loss(louder, targets([whole, whole], taxonomy), rows, weights, FAST)
    assert known > both


def test_the_contrastive_loss_is_low_where_classes_lie_together():
    classes = torch.tensor([0, 0, 1, 1])
    together = torch.tensor([[1.0, 0], [1, 0.1], [0, 1], [0.1, 1]])
    apart = together[[0, 2, 1, 3]]
    assert contrastive_loss(together, classes) < 0.1 < contrastive_loss(apart, classes)
    assert contrastive_loss(together, torch.arange(4)) == 0


def test_rare_classes_weigh_more_and_a_record_weighs_1_on_average():
    classes = np.array([0] * 90 + [1] * 10)
    even = balanced_weights(classes, 2, 0.0)
    full = balanced_weights(classes, 2, 1.0)
    assert even.tolist() == [1.0, 1.0]
    assert float(full[1] / full[0]) == pytest.approx(9)
    assert float(full[classes].mean()) == pytest.approx(1)


def test_rare_languages_weigh_more_where_the_configuration_says_so(taxonomy: Taxonomy):
    record = LabelledReport("1", "a", "fraud", "fr", "P2", (), "test", None)
    truth = targets([record] * 10, taxonomy)
    spoken = ["fr"] * 9 + ["zgh"]
    plain = weights_of(truth, spoken, 11, FAST)
    assert plain.records.tolist() == [1.0] * 10
    unknown = weights_of(truth, [None, "fr"] * 5, 11, FAST)
    assert unknown.records.tolist() == [1.0] * 10
    even = weights_of(truth, spoken, 11, replace(FAST, language_balance=1.0))
    assert float(even.records[9] / even.records[0]) == pytest.approx(9)
    logits = {"category": torch.zeros(10, 11)}
    logits["category"][9, 0] = -5.0  # the rare one is judged badly
    rows = np.arange(10)
    assert heads_loss(logits, truth, rows, even, FAST) > heads_loss(
        logits, truth, rows, plain, FAST
    )


def test_a_missed_rare_flag_costs_more_where_the_configuration_says_so(taxonomy: Taxonomy):
    plain = LabelledReport("1", "a", "fraud", "fr", "P2", (), "test", None)
    rare = replace(plain, flags=("self_harm_risk",))
    truth = targets([plain] * 9 + [rare], taxonomy)
    even, asked = FAST, replace(FAST, flag_balance=0.5)
    place = taxonomy.flag_codes.index("self_harm_risk")
    assert weights_of(truth, ["fr"] * 10, 11, even).raised.tolist() == [1.0] * 5
    raised = weights_of(truth, ["fr"] * 10, 11, asked).raised
    assert float(raised[place]) == pytest.approx(3.0)
    logits = {"category": torch.zeros(1, 11), "flags": torch.full((1, 5), -2.0)}
    row = np.array([9])
    missed, found = (
        heads_loss(logits, truth, row, weights_of(truth, ["fr"] * 10, 11, config), config)
        for config in (asked, even)
    )
    assert missed > found + 1


def test_a_teacher_draws_the_answers_towards_its_own(taxonomy: Taxonomy):
    record = LabelledReport("1", "a", "fraud", "fr", None, None, "test", None)
    truth = targets([record], taxonomy)
    weights = weights_of(truth, ["fr"], 11, FAST)
    other = np.zeros((1, 11), dtype=np.float32)
    other[0, 3] = 1.0
    logits = {"category": torch.zeros(1, 11)}
    logits["category"][0, 3] = 4.0
    rows, taught = np.array([0]), replace(FAST, distil=0.5)
    alone = heads_loss(logits, truth, rows, weights, taught)
    assert heads_loss(logits, truth, rows, weights, taught, {"category": other}) < alone


def test_frozen_layers_stay_and_the_others_move(
    prepared: Path, records: list[LabelledReport], taxonomy: Taxonomy
):
    config = replace(FAST, epochs=1, frozen_layers=1, contrast=0.1)
    run = Finetuning(prepared / make.TRIMMED, records, records[::7], taxonomy, config, seed=2)
    before = [p.detach().clone() for p in run.network.encoder.encoder.layer.parameters()]
    run.run()
    moved = [
        not torch.equal(a, b)
        for a, b in zip(before, run.network.encoder.encoder.layer.parameters(), strict=True)
    ]
    assert not any(moved[: len(moved) // 2])
    assert all(moved[len(moved) // 2 :])


def test_the_way_back_ends_where_the_score_is_best():
    network = torch.nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        network.weight.fill_(0.0)
    way = Interpolation(network)
    with torch.no_grad():
        network.weight.fill_(10.0)
    scores = way.go_back(1.0, lambda: -abs(float(network.weight.detach()) - 6.0))
    assert list(scores) == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert float(network.weight.detach()) == pytest.approx(6.0)


def test_a_run_goes_back_no_further_than_it_gains(
    prepared: Path, records: list[LabelledReport], taxonomy: Taxonomy
):
    config = replace(FAST, way_back=1.0, probe=0.0)
    run = Finetuning(prepared / make.TRIMMED, records, records[::3], taxonomy, config, seed=2)
    run.run()
    assert run._dev_score() == max(run.way_back.values()) > run.way_back[1.0]


def test_tellings_of_one_situation_share_a_batch():
    encoded = [[0] * length for length in (10, 90, 12, 80, 11, 85)]
    together = np.array([0, 0, 1, 1, 2, 2])
    shared = [set(b.rows.tolist()) for b in batches(encoded, 200, 1, None, together)]
    assert all(any({a, a + 1} <= rows for rows in shared) for a in (0, 2, 4)), shared
    apart = [set(b.rows.tolist()) for b in batches(encoded, 200, 1)]
    assert not any({0, 1} <= rows for rows in apart)


def test_the_rate_rises_and_then_falls_to_nothing():
    rates = [rate_at(step / 100, 0.1) for step in range(101)]
    assert rates[0] == 0
    assert rates[10] == pytest.approx(1)
    assert rates[100] == pytest.approx(0)
    assert rates[10:] == sorted(rates[10:], reverse=True)


def test_an_interrupted_run_goes_on_to_the_same_end(
    prepared: Path, records: list[LabelledReport], taxonomy: Taxonomy, tmp_path: Path
):
    config = replace(FAST, epochs=3, average=0.9)

    def start() -> Finetuning:
        return Finetuning(prepared / make.TRIMMED, records, records[::7], taxonomy, config, seed=2)

    whole = start()
    whole.run()

    class PowerCut(Exception):
        pass

    cut, epochs = start(), []

    def after_second(_: object) -> None:
        epochs.append(1)
        if len(epochs) == 2:
            raise PowerCut

    with pytest.raises(PowerCut):
        cut.run(tmp_path / "state.pt", after_epoch=after_second)
    resumed = start()
    steps: list[int] = []
    resumed.run(tmp_path / "state.pt", progress=lambda done, *_: steps.append(done))
    assert min(steps) > 1, "it began anew"
    assert len(resumed.history) == 3
    for one, other in zip(whole.heads().heads, resumed.heads().heads, strict=True):
        assert np.allclose(one.weights, other.weights, atol=1e-4), one.name


def test_from_labelled_data_to_a_served_score(prepared: Path, taxonomy: Taxonomy, tmp_path: Path):
    config = TrainingConfig(
        "finetuned",
        3,
        SplitConfig(0.2, 0.1),
        FeatureConfig(word_ngrams=1, character_ngrams=0, max_terms=2000),
        finetune=replace(FAST, epochs=2, dev=0.2),
    )
    few = replace(config, finetune=replace(FAST, dev=0.01))
    with pytest.raises(FieldError, match="sets none apart"):
        make.finetune(prepared, DATA, taxonomy, few, tmp_path / "tuned")
    about = make.finetune(prepared, DATA, taxonomy, config, tmp_path / "tuned")
    assert about["records"]["dev"] == len(about["dev"]) > 0
    assert not list(tmp_path.glob(".*")), "the unfinished state is gone"
    manifest = train(DATA, taxonomy, config, tmp_path / "bundle", encoder=tmp_path / "tuned")
    assert manifest.recipe == "finetuned"
    score = load_scorer(tmp_path / "bundle").score([Report("Someone hacked my email account")])[0]
    assert score.category.label in taxonomy.category_codes
    with pytest.raises(FieldError, match="another split"):
        other = replace(config, seed=4)
        train(DATA, taxonomy, other, tmp_path / "no", encoder=tmp_path / "tuned")
    with pytest.raises(FieldError, match="was not fine-tuned"):
        train(DATA, taxonomy, config, tmp_path / "no", encoder=prepared)
    with pytest.raises(FieldError, match="knows training texts by heart"):
        heart = replace(config, recipe="frozen")
        train(DATA, taxonomy, heart, tmp_path / "no", encoder=tmp_path / "tuned")
    frozen = replace(config, recipe="frozen")
    train(DATA, taxonomy, frozen, tmp_path / "frozen", encoder=prepared)
    assert load_scorer(tmp_path / "frozen").score([Report("bonjour")])
    with pytest.raises(FieldError, match="encoder: is missing"):
        train(DATA, taxonomy, frozen, tmp_path / "no")
