"""Evals as the SDK runs them."""

import time

import openai
import pytest

SCHEMA = {
    "type": "object",
    "properties": {"question": {"type": "string"}, "answer": {"type": "string"}},
    "required": ["question", "answer"],
}
ROWS = [
    {"item": {"question": "Capital of France?", "answer": "Paris"}},
    {"item": {"question": "Capital of Spain?", "answer": "Madrid"}},
]


def make(sdk):
    criteria = [
        {
            "type": "string_check",
            "name": "said",
            "input": "{{sample.output_text}}",
            "reference": "",
            "operation": "ne",
        },
        {
            "type": "text_similarity",
            "name": "near",
            "input": "{{sample.output_text}}",
            "reference": "{{item.answer}}",
            "evaluation_metric": "fuzzy_match",
            "pass_threshold": 0.0,
        },
    ]
    config = {"type": "custom", "item_schema": SCHEMA, "include_sample_schema": True}
    return sdk.call(
        lambda client: client.evals.create(name="Capitals", data_source_config=config, testing_criteria=criteria)
    )


def ended(sdk, run):
    deadline = time.monotonic() + 60
    while run.status in ("queued", "in_progress"):
        assert time.monotonic() < deadline, run
        time.sleep(0.1)
        run = sdk.call(lambda client: client.evals.runs.retrieve(run.id, eval_id=run.eval_id))
    return run


def test_an_eval_runs_and_shows_what_came_of_it(sdk):
    eval = make(sdk)
    template = [{"role": "user", "content": "{{item.question}}"}]
    source = {
        "type": "completions",
        "model": "gpt-4o-mini",
        "input_messages": {"type": "template", "template": template},
        "source": {"type": "file_content", "content": ROWS},
    }
    run = sdk.call(lambda client: client.evals.runs.create(eval.id, name="first", data_source=source))
    run = ended(sdk, run)
    assert (run.status, run.result_counts.total, run.result_counts.passed) == ("completed", 2, 2)
    assert [one.testing_criteria for one in run.per_testing_criteria_results] == ["said", "near"]
    assert run.per_model_usage[0].invocation_count == 2
    items = sdk.call(lambda client: client.evals.runs.output_items.list(run.id, eval_id=eval.id)).data
    assert [item.datasource_item["answer"] for item in items] == ["Paris", "Madrid"]
    assert items[0].sample.output[0].content
    one = sdk.call(
        lambda client: client.evals.runs.output_items.retrieve(items[0].id, eval_id=eval.id, run_id=run.id)
    )
    assert one.model_dump() == items[0].model_dump()


def test_evals_are_listed_renamed_and_deleted(sdk):
    eval = make(sdk)
    assert sdk.call(lambda client: client.evals.update(eval.id, name="Cities")).name == "Cities"
    assert sdk.call(lambda client: client.evals.list(order="desc", limit=1)).data[0].id == eval.id
    assert sdk.call(lambda client: client.evals.delete(eval.id)).deleted
    with pytest.raises(openai.NotFoundError):
        sdk.call(lambda client: client.evals.retrieve(eval.id))


def test_a_wrong_grader_is_named(sdk):
    with pytest.raises(openai.BadRequestError, match=r"testing_criteria\[0\].operation"):
        config = {"type": "custom", "item_schema": SCHEMA}
        criteria = [{"type": "string_check", "name": "x", "input": "a", "reference": "b"}]
        sdk.call(lambda client: client.evals.create(data_source_config=config, testing_criteria=criteria))
