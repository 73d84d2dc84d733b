//! Bodies of JSON that are right, of each operation that reads a larger one.

/// What one operation takes.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) name: &'static str,
    pub(super) path: &'static str,
    pub(super) seeds: &'static [&'static str],
    pub(super) words: &'static [&'static str],
}

const fn body(name: &'static str, path: &'static str, seeds: &'static [&'static str]) -> Body {
    Body { name, path, seeds, words: &JSON_WORDS }
}

const JSON_WORDS: [&str; 16] = [
    "\"",
    ",",
    ":",
    "{",
    "}",
    "[",
    "]",
    "\"model\":\"gpt-4o\"",
    "\"stream\":true",
    "\"type\":",
    "\"text\"",
    "\\\"",
    "\\u00e9",
    "\"data:image/png;base64,iVBORw0KGgo=\"",
    "\"metadata\":{\"a\":\"b\"}",
    "-",
];

/// The first is a chat's.
pub(super) const BODIES: [Body; 40] = [
    body(
        "json/chat",
        "/v1/chat/completions",
        &[
            r#"{"model":"gpt-4o","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi é"}],"max_tokens":20,"n":2,"seed":1,"temperature":0.5,"stop":["a","b"],"logit_bias":{"100":-100},"logprobs":true,"top_logprobs":2,"user":"u"}"#,
            r#"{"model":"gpt-4o","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":[{"type":"text","text":"What is this?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==","detail":"low"}}]}],"max_completion_tokens":9}"#,
            r#"{"model":"gpt-4o","messages":[{"role":"user","content":"Weather in Paris?"},{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Paris\"}"}}]},{"role":"tool","tool_call_id":"call_1","content":"21"}],"tools":[{"type":"function","function":{"name":"weather","strict":true,"parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}}}],"tool_choice":"auto","parallel_tool_calls":false}"#,
            r#"{"model":"gpt-4o-2024-08-06","messages":[{"role":"user","content":"Jason is 25."}],"response_format":{"type":"json_schema","json_schema":{"name":"p","strict":true,"schema":{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"}},"required":["name","age"],"additionalProperties":false}}},"prediction":{"type":"content","content":"Jason"},"guided_regex":"[a-z]+"}"#,
            r#"{"model":"gpt-4o-audio-preview","modalities":["text","audio"],"audio":{"voice":"alloy","format":"pcm16"},"messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"UklGRgAAAABXQVZF","format":"wav"}},{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBERi0xLjc="}}]}],"max_tokens":5,"reasoning_effort":"low"}"#,
        ],
    ),
    body(
        "json/completions",
        "/v1/completions",
        &[
            r#"{"model":"gpt-3.5-turbo-instruct","prompt":["Once upon","a time"],"max_tokens":5,"echo":true,"best_of":2,"n":1,"logprobs":2,"suffix":"end"}"#,
            r#"{"model":"x","prompt":[[1,2,3],[4]],"stream":true,"max_tokens":3,"kv_transfer_params":{"do_remote_decode":true}}"#,
        ],
    ),
    body(
        "json/responses",
        "/v1/responses",
        &[
            r#"{"model":"gpt-4o","input":"Hi","instructions":"Be brief.","max_output_tokens":20,"store":true,"metadata":{"a":"b"},"text":{"format":{"type":"json_schema","name":"x","schema":{"type":"object","properties":{},"required":[],"additionalProperties":false},"strict":true}},"include":["message.output_text.logprobs"]}"#,
            r#"{"model":"o3","stream":true,"input":[{"role":"user","content":[{"type":"input_text","text":"Sum 1 and 2"},{"type":"input_image","image_url":"data:image/png;base64,iVBORw0KGgo="}]},{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c","output":"3"},{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"x"}],"reasoning":{"effort":"low","summary":"auto"},"tools":[{"type":"web_search"},{"type":"code_interpreter","container":{"type":"auto"}},{"type":"mcp","server_label":"s","server_url":"https://x.y","require_approval":"never"},{"type":"custom","name":"g","format":{"type":"grammar","syntax":"lark","definition":"start: \"a\""}}],"tool_choice":{"type":"web_search"}}"#,
            r#"{"model":"gpt-4o","background":true,"input":"x","previous_response_id":"resp_1","truncation":"auto"}"#,
        ],
    ),
    body(
        "json/embeddings",
        "/v1/embeddings",
        &[
            r#"{"model":"text-embedding-3-small","input":["cat","dog"],"dimensions":8,"encoding_format":"float"}"#,
            r#"{"model":"nvidia/nv-embedqa-e5-v5","input":[[1,2],[3]],"input_type":"query","truncate":"END","encoding_format":"base64"}"#,
        ],
    ),
    body(
        "json/moderations",
        "/v1/moderations",
        &[
            r#"{"model":"omni-moderation-latest","input":[{"type":"text","text":"I will kill you"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}]}"#,
            r#"{"input":["a","b"]}"#,
        ],
    ),
    body(
        "json/images",
        "/v1/images/generations",
        &[r#"{"model":"dall-e-2","prompt":"a red cat","size":"256x256","n":1,"response_format":"url"}"#],
    ),
    body(
        "json/edits",
        "/v1/images/edits",
        &[
            r#"{"model":"gpt-image-1","prompt":"blue","images":[{"image_url":"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="}],"size":"512x512","mask":{"image_url":"data:image/png;base64,iVBO"}}"#,
        ],
    ),
    body(
        "json/speech",
        "/v1/audio/speech",
        &[
            r#"{"model":"gpt-4o-mini-tts","input":"Hi.","voice":"alloy","response_format":"pcm","speed":2.0,"instructions":"Slow and deep.","stream_format":"sse"}"#,
        ],
    ),
    body(
        "json/assistants",
        "/v1/assistants",
        &[
            r#"{"model":"gpt-4o","name":"A","instructions":"x","tools":[{"type":"file_search","file_search":{"max_num_results":5,"ranking_options":{"ranker":"auto","score_threshold":0.1}}},{"type":"code_interpreter"}],"tool_resources":{"file_search":{"vector_stores":[{"file_ids":["file-1"],"chunking_strategy":{"type":"static","static":{"max_chunk_size_tokens":400,"chunk_overlap_tokens":50}}}]}},"metadata":{"a":"b"},"temperature":1,"response_format":{"type":"json_object"}}"#,
        ],
    ),
    body(
        "json/threads",
        "/v1/threads",
        &[
            r#"{"messages":[{"role":"user","content":[{"type":"text","text":"Hi"},{"type":"image_file","image_file":{"file_id":"file-1"}}],"attachments":[{"file_id":"file-1","tools":[{"type":"file_search"}]}],"metadata":{}}],"tool_resources":{}}"#,
        ],
    ),
    body(
        "json/messages",
        "/v1/threads/{thread_id}/messages",
        &[r#"{"role":"user","content":"Hi","metadata":{"a":"b"}}"#],
    ),
    body(
        "json/runs",
        "/v1/threads/runs",
        &[
            r#"{"assistant_id":"asst_1","thread":{"messages":[{"role":"user","content":"Hi"}]},"model":"gpt-4o","stream":true,"tools":[],"truncation_strategy":{"type":"last_messages","last_messages":2},"max_completion_tokens":256,"tool_choice":"none","parallel_tool_calls":true}"#,
        ],
    ),
    body(
        "json/vector-stores",
        "/v1/vector_stores",
        &[
            r#"{"name":"V","file_ids":["file-1"],"expires_after":{"anchor":"last_active_at","days":3},"chunking_strategy":{"type":"static","static":{"max_chunk_size_tokens":100,"chunk_overlap_tokens":50}},"metadata":{"a":"b"}}"#,
        ],
    ),
    Body {
        name: "json/filters",
        path: "/v1/vector_stores/{vector_store_id}/search",
        seeds: &[
            r#"{"query":["tea","green"],"filters":{"type":"and","filters":[{"type":"eq","key":"a","value":"b"},{"type":"or","filters":[{"type":"gte","key":"n","value":3},{"type":"in","key":"c","value":["x",1,true]}]}]},"max_num_results":5,"ranking_options":{"ranker":"auto","score_threshold":0.2},"rewrite_query":true}"#,
        ],
        words: &[
            "\"type\":\"nin\"",
            "\"type\":\"or\"",
            "\"filters\":[",
            "\"key\":",
            "\"value\":",
            "{",
            "}",
            "[",
            "]",
            ",",
        ],
    },
    Body {
        name: "json/graders",
        path: "/v1/fine_tuning/alpha/graders/run",
        seeds: &[
            r#"{"grader":{"type":"multi","name":"m","graders":{"a":{"type":"string_check","name":"a","input":"{{sample.output_text}}","reference":"{{item.label}}","operation":"ilike"},"b":{"type":"text_similarity","name":"b","input":"{{ sample.output_json.x[0] }}","reference":"the cat","evaluation_metric":"rouge_l"}},"calculate_output":"(a + 2 * b) / 3 - min(a, b) ** 0.5"},"item":{"label":"cat"},"model_sample":"the cat sat"}"#,
            r#"{"grader":{"type":"label_model","name":"l","model":"gpt-4o","input":[{"role":"user","content":"{{item.a.b.c}} {{sample.output_text}}"}],"labels":["a","b"],"passing_labels":["a"]},"item":{"a":{"b":{"c":1}}},"model_sample":"{\"x\":[1]}"}"#,
        ],
        words: &[
            "{{",
            "}}",
            "item.",
            "sample.output_text",
            "(",
            ")",
            "**",
            "+",
            "/",
            "exp(",
            "floor(",
            "[0]",
            "1e9",
            ",",
        ],
    },
    body(
        "json/grader-check",
        "/v1/fine_tuning/alpha/graders/validate",
        &[
            r#"{"grader":{"type":"score_model","name":"s","model":"gpt-4o","input":[{"role":"user","content":[{"type":"input_text","text":"{{item.x}}"}]}],"range":[0,10],"sampling_params":{"seed":1,"top_p":1,"temperature":1}}}"#,
            r#"{"grader":{"type":"python","name":"p","source":"def grade(sample, item):\n    return 1.0"}}"#,
        ],
    ),
    body("json/evals", "/v1/evals", &[EVAL]),
    body(
        "json/eval-runs",
        "/v1/evals/{eval_id}/runs",
        &[
            r#"{"name":"r","data_source":{"type":"completions","model":"gpt-4o","input_messages":{"type":"template","template":[{"role":"user","content":"{{item.question}}"}]},"source":{"type":"file_content","content":[{"item":{"question":"q","answer":"a"}}]},"sampling_params":{"max_completion_tokens":5}}}"#,
            r#"{"data_source":{"type":"jsonl","source":{"type":"file_content","content":[{"item":{"question":"q","answer":"a"},"sample":{"output_text":"a"}}]}}}"#,
        ],
    ),
    body(
        "json/fine-tuning",
        "/v1/fine_tuning/jobs",
        &[
            r#"{"model":"gpt-4o-mini","training_file":"file-1","validation_file":"file-2","suffix":"x","seed":1,"method":{"type":"dpo","dpo":{"hyperparameters":{"beta":0.1,"n_epochs":2}}},"integrations":[{"type":"wandb","wandb":{"project":"p"}}],"metadata":{}}"#,
        ],
    ),
    body(
        "json/batches",
        "/v1/batches",
        &[
            r#"{"input_file_id":"file-1","endpoint":"/v1/chat/completions","completion_window":"24h","metadata":{"a":"b"},"output_expires_after":{"anchor":"created_at","seconds":3600}}"#,
        ],
    ),
    body(
        "json/uploads",
        "/v1/uploads",
        &[
            r#"{"filename":"a.jsonl","purpose":"batch","bytes":20,"mime_type":"application/jsonl","expires_after":{"anchor":"created_at","seconds":3600}}"#,
        ],
    ),
    body(
        "json/containers",
        "/v1/containers",
        &[
            r#"{"name":"c","expires_after":{"anchor":"last_active_at","minutes":5},"file_ids":["file-1"],"memory_limit":"1g"}"#,
        ],
    ),
    body("json/videos", "/v1/videos", &[r#"{"model":"sora-2","prompt":"rain","seconds":"4","size":"720x1280"}"#]),
    body(
        "json/conversations",
        "/v1/conversations",
        &[
            r#"{"items":[{"type":"message","role":"user","content":[{"type":"input_text","text":"Hi"}]}],"metadata":{"a":"b"}}"#,
        ],
    ),
    body(
        "json/items",
        "/v1/conversations/{conversation_id}/items",
        &[
            r#"{"items":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Hi","annotations":[]}]},{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},{"type":"custom_tool_call_output","call_id":"d","output":"x"},{"type":"web_search_call","id":"ws_1","status":"completed","action":{"type":"search","query":"q"}}]}"#,
        ],
    ),
    body(
        "json/ranking",
        "/v1/ranking",
        &[
            r#"{"model":"nvidia/llama-3.2-nv-rerankqa-1b-v2","query":{"text":"refund"},"passages":[{"text":"a"},{"text":"refunds are paid"}],"truncate":"END","top_n":1}"#,
        ],
    ),
    body(
        "json/rerank",
        "/v1/rerank",
        &[
            r#"{"model":"m","query":"refund","documents":["a",{"text":"b"}],"top_n":1,"return_documents":true,"max_tokens_per_doc":5}"#,
        ],
    ),
    body(
        "json/score",
        "/v1/score",
        &[r#"{"model":"m","text_1":["a","b"],"text_2":["c","d"],"truncate_prompt_tokens":5}"#],
    ),
    body(
        "json/rag",
        "/rag/api/prompt",
        &[
            r#"{"query":["convergence problems","waive"],"filters":{"family":"Solido","tool":["SDE","b"]},"top_k":3,"inference_model":"gpt-4o","stream":false}"#,
        ],
    ),
    body(
        "json/text-generation",
        "/v1/text/generation",
        &[r#"{"model":"gpt-4o","input":"Hi","max_output_tokens":9,"temperature":1,"stop":["a"],"user":"u"}"#],
    ),
    body(
        "json/azure",
        "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
        &[r#"{"messages":[{"role":"user","content":"Hi"}],"max_tokens":5,"stream":true,"data_sources":[]}"#],
    ),
    body("json/projects", "/v1/organization/projects", &[r#"{"name":"P","geography":"US","external_key_id":"x"}"#]),
    body(
        "json/rate-limits",
        "/v1/organization/projects/{project_id}/rate_limits/rl-gpt-4o",
        &[
            r#"{"max_requests_per_1_minute":5,"max_tokens_per_1_minute":1000,"max_images_per_1_minute":1,"batch_1_day_max_input_tokens":9}"#,
        ],
    ),
    body(
        "json/certificates",
        "/v1/organization/certificates",
        &[
            r#"{"name":"c","certificate":"-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUaGVsbG8wCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEdGVzdDAeFw0yNDAxMDEwMDAwMDBaFw0zNDAxMDEwMDAwMDBaMA8xDTALBgNVBAMMBHRlc3Q=\n-----END CERTIFICATE-----\n"}"#,
        ],
    ),
    body(
        "json/roles",
        "/v1/organization/roles",
        &[r#"{"role_name":"r","permissions":["api.groups.read"],"description":"d"}"#],
    ),
    body("json/faults", "/fakeai/faults", &[r#"{"rule":"stream_error;rate=0.0;model=zz","rules":["stall;first=0"]}"#]),
    body("json/workspace", "/fakeai/workspace/reset", &[r#"{"seed":5}"#]),
    body("json/reset", "/fakeai/reset", &[r#"{"parts":["files","metrics","responses"]}"#]),
    body(
        "json/tokenize",
        "/tokenize",
        &[
            r#"{"model":"gpt-4o","prompt":"Hello é","add_special_tokens":true,"return_token_strs":true}"#,
            r#"{"messages":[{"role":"user","content":"Hi"}],"add_generation_prompt":true}"#,
        ],
    ),
    body("json/detokenize", "/detokenize", &[r#"{"model":"gpt-4o","tokens":[1,2,3,100000]}"#]),
];

pub(super) const EVAL: &str = r#"{"name":"E","data_source_config":{"type":"custom","include_sample_schema":true,"item_schema":{"type":"object","properties":{"question":{"type":"string"},"answer":{"type":"string"}},"required":["question"]}},"testing_criteria":[{"type":"string_check","name":"same","input":"{{sample.output_text}}","reference":"{{item.answer}}","operation":"eq"}],"metadata":{"a":"b"}}"#;
