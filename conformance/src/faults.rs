//! What is wrong in the document itself, and how it is read instead. Nothing else may be excused here.

use serde_json::{Map, Value, json};

/// One place where the document contradicts OpenAI's API or itself.
pub(crate) struct Fault {
    /// A pointer to the schema at fault.
    pub(crate) pointer: &'static str,
    /// Why it is wrong.
    pub(crate) reason: &'static str,
    /// What is put there.
    pub(crate) mend: fn(&mut Value),
}

/// Where the schema of a streamed chunk of text completions is put: the document has none of its own.
pub(crate) const COMPLETION_CHUNK: &str = "#/components/schemas/CreateCompletionStreamResponse";

/// Every fault known; the last one copies what the ones before it have mended.
pub(crate) const FAULTS: [Fault; 10] = [
    Fault {
        pointer: "/components/schemas/CreateCompletionResponse/properties/choices/items/properties/logprobs/anyOf/0/properties",
        reason: "the first token of an echoed prompt has no probability: null, in both lists; and `logprobs: 0` asks for no \
                 others, so that the second list is null",
        mend: |properties| {
            or_null(&mut properties["token_logprobs"]["items"]);
            or_null(&mut properties["top_logprobs"]["items"]);
            or_null(&mut properties["top_logprobs"]);
        },
    },
    Fault {
        pointer: "/components/schemas/ChatCompletionMessageToolCallChunk/properties",
        reason: "custom tools stream as whole answers have them, with `custom` beside `type`",
        mend: |properties| {
            properties["type"]["enum"] = json!(["function", "custom"]);
            properties["custom"] =
                json!({"type": "object", "properties": {"name": {"type": "string"}, "input": {"type": "string"}}});
        },
    },
    Fault {
        pointer: "/components/schemas/ChatCompletionMessageList/properties/data/items/allOf/0",
        reason: "stored messages are those of the request, not answers; the document's own example is a user's",
        mend: |message| {
            *message = json!({"type": "object", "required": ["role", "content"], "properties": {
                "role": {"enum": ["developer", "system", "user", "assistant", "tool", "function"]},
                "content": {"type": ["string", "null"]},
                "name": {"type": ["string", "null"]},
            }});
        },
    },
    Fault {
        pointer: "/paths/~1files~1{file_id}~1content/get/responses/200/content",
        reason: "the content of a file is its bytes, not a JSON string",
        mend: |content| *content = json!({"application/octet-stream": {}}),
    },
    Fault {
        pointer: "/components/schemas/Batch/properties",
        reason: "what has not happened is null: the document's own example of a new batch has these fields",
        mend: |properties| {
            for field in [
                "model",
                "errors",
                "output_file_id",
                "error_file_id",
                "in_progress_at",
                "finalizing_at",
                "completed_at",
                "failed_at",
                "expired_at",
                "cancelling_at",
                "cancelled_at",
            ] {
                or_null(&mut properties[field]);
            }
        },
    },
    Fault {
        pointer: "/components/schemas/FineTuningJob/properties/status/enum",
        reason: "a job can be paused, and then has that status in the document's own example",
        mend: |statuses| {
            if let Some(statuses) = statuses.as_array_mut() {
                statuses.push(json!("paused"));
            }
        },
    },
    Fault {
        pointer: "/paths/~1audio~1transcriptions/post/responses/200/content/application~1json/schema",
        reason: "the richer forms have every field of the plain one, so each of them is the plain one too",
        mend: one_or_more,
    },
    Fault {
        pointer: "/paths/~1audio~1translations/post/responses/200/content/application~1json/schema",
        reason: "as that of transcriptions",
        mend: one_or_more,
    },
    Fault {
        pointer: "/components/schemas/EvalApiError",
        reason: "runs and samples without an error have null for it, as the document's own examples do",
        mend: or_null,
    },
    Fault {
        pointer: "/components/schemas",
        reason: "streamed completions share a schema with whole ones, but have null for finish_reason until the end \
                 and, as `stream_options` says in words, null for usage",
        mend: |schemas| {
            let mut chunk = schemas["CreateCompletionResponse"].clone();
            or_null(&mut chunk["properties"]["choices"]["items"]["properties"]["finish_reason"]);
            or_null(&mut chunk["properties"]["usage"]);
            schemas["CreateCompletionStreamResponse"] = chunk;
        },
    },
];

fn or_null(schema: &mut Value) {
    let plain = schema.take();
    *schema = json!({"anyOf": [plain, {"type": "null"}]});
}

/// Lets a value fit several of its forms.
fn one_or_more(schema: &mut Value) {
    if let Some(forms) = schema.as_object_mut().and_then(|schema| schema.remove("oneOf")) {
        schema["anyOf"] = forms;
    }
}

/// Reads the document as JSON Schema 2020-12: mends [`FAULTS`], then what `OpenAPI` 3.0 and older drafts left
/// behind. Returns the faults that are no more, so that the list stays short.
pub(crate) fn mend(document: &mut Value) -> Vec<&'static str> {
    let mut gone = Vec::new();
    for fault in FAULTS {
        match document.pointer_mut(fault.pointer) {
            Some(schema) => {
                let before = schema.clone();
                (fault.mend)(schema);
                if *schema == before {
                    gone.push(fault.reason);
                }
            }
            None => gone.push(fault.reason),
        }
    }
    if let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas") {
        for (name, schema) in schemas.iter_mut() {
            read_old_words(schema, name);
        }
    }
    gone
}

/// - `nullable` is `OpenAPI` 3.0's, and 3.1 knows it no more; nor that `exclusiveMinimum` says whether the minimum is
///   allowed;
/// - `$recursiveRef` is JSON Schema 2019-09's;
/// - `oneOf` is written where a union is meant: a message with a `type` is two kinds of `InputItem`;
/// - a page that is empty has no first and last id: OpenAI sends null;
/// - `required` names some fields twice, which 2020-12 does not allow.
///
/// `owner` is the schema of `components` that the words stand in.
fn read_old_words(schema: &mut Value, owner: &str) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(|item| read_old_words(item, owner)),
        Value::Object(words) => {
            words.values_mut().for_each(|word| read_old_words(word, owner));
            if let Some(Value::Object(properties)) = words.get_mut("properties") {
                let ends = properties.iter_mut().filter(|(name, _)| ["first_id", "last_id"].contains(&name.as_str()));
                ends.for_each(|(_, end)| or_null(end));
            }
            if let Some(Value::Array(names)) = words.get_mut("required") {
                let mut seen = Vec::new();
                names.retain(|name| {
                    !seen.contains(name) && {
                        seen.push(name.clone());
                        true
                    }
                });
            }
            if let Some(members) = words.remove("oneOf") {
                words.insert("anyOf".to_owned(), members);
            }
            if words.get("$recursiveRef").is_some_and(Value::is_string) {
                words.remove("$recursiveRef");
                words.insert("$ref".to_owned(), json!(format!("#/components/schemas/{owner}")));
            }
            for (flag, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
                if words.get(flag) == Some(&Value::Bool(true)) {
                    let number = words.remove(bound).unwrap_or_default();
                    words.insert(flag.to_owned(), number);
                }
            }
            if words.get("nullable") == Some(&Value::Bool(true)) {
                words.remove("nullable");
                let plain = Value::Object(std::mem::take(words));
                *words = Map::from_iter([("anyOf".to_owned(), json!([plain, {"type": "null"}]))]);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_words_are_read_as_new_ones() {
        let mut document = json!({"components": {"schemas": {"A": {
            "type": "object",
            "properties": {"x": {"type": "string", "nullable": true}, "y": {"$recursiveRef": "#"}, "z": {"minimum": 0, "exclusiveMinimum": true}, "last_id": {"oneOf": [{"type": "string"}]}},
        }}}});
        mend(&mut document);
        let properties = &document["components"]["schemas"]["A"]["properties"];
        assert_eq!(properties["x"], json!({"anyOf": [{"type": "string"}, {"type": "null"}]}));
        assert_eq!(properties["y"], json!({"$ref": "#/components/schemas/A"}));
        assert_eq!(properties["z"], json!({"exclusiveMinimum": 0}));
        assert_eq!(properties["last_id"], json!({"anyOf": [{"anyOf": [{"type": "string"}]}, {"type": "null"}]}));
    }
}
