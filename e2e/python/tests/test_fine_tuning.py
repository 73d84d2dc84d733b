"""Fine-tuning as the SDK asks for it."""

import base64
import json
import time

import openai
import pytest

MODEL = "gpt-4o-mini"


def upload(sdk, count):
    def example(number):
        turns = [("user", f"What is {number} and {number}?"), ("assistant", f"It is {2 * number}.")]
        return json.dumps({"messages": [{"role": role, "content": content} for role, content in turns]})

    content = "\n".join(map(example, range(count))).encode()
    return sdk.call(lambda client: client.files.create(file=("train.jsonl", content), purpose="fine-tune")).id


def wait(sdk, job):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        job = sdk.call(lambda client: client.fine_tuning.jobs.retrieve(job.id))
        if job.status in ("succeeded", "failed", "cancelled"):
            return job
        time.sleep(0.05)
    raise AssertionError(f"still {job.status}")


def test_a_model_is_tuned_asked_and_deleted(sdk):
    training, validation = upload(sdk, 20), upload(sdk, 10)
    made = sdk.call(
        lambda client: client.fine_tuning.jobs.create(
            model=MODEL,
            training_file=training,
            validation_file=validation,
            suffix="adder",
            seed=7,
            method={"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 3}}},
            metadata={"team": "a"},
        )
    )
    assert (made.status, made.fine_tuned_model, made.seed) == ("validating_files", None, 7)
    done = wait(sdk, made)
    assert (done.status, done.error, done.hyperparameters.n_epochs) == ("succeeded", None, 3)
    assert done.trained_tokens > 0 and done.finished_at >= done.created_at
    assert done.fine_tuned_model.startswith("ft:gpt-4o-mini:fakeai:adder:")
    csv = base64.b64decode(sdk.call(lambda client: client.files.content(done.result_files[0])).content).decode()
    assert csv.splitlines()[0].startswith("step,train_loss") and len(csv.splitlines()) == 61
    checkpoints = sdk.call(lambda client: client.fine_tuning.jobs.checkpoints.list(done.id)).data
    assert [checkpoint.step_number for checkpoint in checkpoints] == [60, 40, 20]
    assert checkpoints[0].metrics.full_valid_loss < checkpoints[-1].metrics.full_valid_loss
    events = sdk.call(lambda client: client.fine_tuning.jobs.list_events(done.id, limit=100)).data
    assert events[0].message == "The job has successfully completed"
    assert len([event for event in events if event.type == "metrics"]) == 60
    listed = sdk.call(lambda client: client.fine_tuning.jobs.list(extra_query={"metadata[team]": "a"})).data
    assert done.id in [job.id for job in listed]
    model = done.fine_tuned_model
    assert model in [one.id for one in sdk.call(lambda client: client.models.list()).data]
    hello = [{"role": "user", "content": "Hello"}]
    answer = sdk.call(lambda client: client.chat.completions.create(model=model, messages=hello, max_tokens=5))
    assert answer.model == model
    assert sdk.call(lambda client: client.models.delete(model)).deleted
    with pytest.raises(openai.NotFoundError):
        sdk.call(lambda client: client.chat.completions.create(model=model, messages=hello))


def test_a_job_is_paused_and_cancelled(connect, start):
    sdk = connect(start("--job-speed", "1h").base_url)
    file = upload(sdk, 10)
    made = sdk.call(lambda client: client.fine_tuning.jobs.create(model=MODEL, training_file=file))
    assert sdk.call(lambda client: client.fine_tuning.jobs.pause(made.id)).status == "paused"
    assert sdk.call(lambda client: client.fine_tuning.jobs.resume(made.id)).status == "validating_files"
    assert sdk.call(lambda client: client.fine_tuning.jobs.cancel(made.id)).status == "cancelled"
    with pytest.raises(openai.BadRequestError, match="already been cancelled"):
        sdk.call(lambda client: client.fine_tuning.jobs.cancel(made.id))


def test_what_is_wrong_is_said(sdk):
    few = upload(sdk, 3)
    failed = wait(sdk, sdk.call(lambda client: client.fine_tuning.jobs.create(model=MODEL, training_file=few)))
    assert (failed.status, failed.error.code, failed.error.param) == ("failed", "invalid_n_examples", "training_file")
    with pytest.raises(openai.BadRequestError, match="invalid training_file"):
        sdk.call(lambda client: client.fine_tuning.jobs.create(model=MODEL, training_file="file-none"))
    with pytest.raises(openai.BadRequestError, match="does not support fine-tuning"):
        sdk.call(lambda client: client.fine_tuning.jobs.create(model="tts-1", training_file=few))


def test_graders_grade(sdk):
    grader = {
        "type": "text_similarity",
        "name": "near",
        "input": "{{sample.output_text}}",
        "reference": "{{item.label}}",
        "evaluation_metric": "fuzzy_match",
    }
    assert sdk.call(lambda client: client.fine_tuning.alpha.graders.validate(grader=grader)).grader.name == "near"
    graded = sdk.call(
        lambda client: client.fine_tuning.alpha.graders.run(
            grader=grader, item={"label": "kitten"}, model_sample="sitting"
        )
    )
    assert abs(graded.reward - 8 / 13) < 1e-9 and not graded.metadata.errors.invalid_variable_error
