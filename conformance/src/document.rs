//! OpenAI's document: its operations, and where in it the schema of each request and answer stands.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use jsonschema::Registry;
use serde_json::Value;

use crate::faults;

/// What the document is called among schemas.
pub(crate) const BASE: &str = "urn:openai";

/// OpenAI's document, mended.
#[derive(Debug)]
pub(crate) struct Document {
    root: Value,
    operations: Vec<Operation>,
    gone_faults: Vec<&'static str>,
}

/// One operation.
#[derive(Debug)]
pub(crate) struct Operation {
    /// `operationId`.
    pub(crate) id: String,
    /// `POST`.
    pub(crate) method: String,
    /// Without `/v1`; parameters in braces, and a query where the document has one.
    pub(crate) path: String,
    /// Which resource it belongs to: the tag, else the first segment of the path.
    pub(crate) resource: String,
    /// Where the schema of a JSON request stands.
    pub(crate) request: Option<String>,
    /// The answers by status.
    pub(crate) answers: BTreeMap<String, Answers>,
    /// Names of query parameters that must be there.
    pub(crate) needs_query: bool,
}

/// Where the schemas of one status's bodies stand.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// Of a JSON body.
    pub(crate) json: Option<String>,
    /// Of the events of a stream.
    pub(crate) events: Option<String>,
    /// Other content types.
    pub(crate) others: Vec<String>,
}

impl Document {
    /// Reads the document; fails if it has no operations.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut root: Value = serde_json::from_str(text)?;
        let gone_faults = faults::mend(&mut root);
        let paths = root.get("paths").and_then(Value::as_object).context("it has no `paths`")?;
        let mut operations = Vec::new();
        for (path, item) in paths {
            let methods = item.as_object().into_iter().flatten();
            for (method, operation) in methods.filter(|(_, operation)| operation.get("operationId").is_some()) {
                operations.push(Operation::read(path, method, operation));
            }
        }
        if operations.is_empty() {
            bail!("it has no operations");
        }
        Ok(Self { root, operations, gone_faults })
    }

    /// The document as a resource that schemas can refer to.
    pub(crate) fn registry(&self) -> Result<Registry<'_>> {
        let registry = Registry::new().draft(jsonschema::Draft::Draft202012).add(BASE, &self.root)?;
        Ok(registry.prepare()?)
    }

    pub(crate) fn operations(&self) -> &[Operation] {
        &self.operations
    }

    pub(crate) fn operation(&self, id: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.id == id)
    }

    /// Reasons of known faults that the document has no more.
    pub(crate) fn gone_faults(&self) -> &[&'static str] {
        &self.gone_faults
    }
}

impl Operation {
    fn read(path: &str, method: &str, operation: &Value) -> Self {
        let text = |name: &str| operation.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let place = format!("#/paths/{}/{method}", escape(path));
        let tag = operation.pointer("/tags/0").and_then(Value::as_str);
        let request = operation.pointer("/requestBody/content/application~1json/schema");
        let parameters = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
        let mut answers = BTreeMap::new();
        for (status, answer) in operation.get("responses").and_then(Value::as_object).into_iter().flatten() {
            let mut found = Answers::default();
            for kind in answer.get("content").and_then(Value::as_object).into_iter().flat_map(|content| content.keys())
            {
                let pointer = format!("{place}/responses/{status}/content/{}/schema", escape(kind));
                match kind.as_str() {
                    "application/json" => found.json = Some(pointer),
                    "text/event-stream" => found.events = Some(pointer),
                    _ => found.others.push(kind.clone()),
                }
            }
            answers.insert(status.clone(), found);
        }
        Self {
            id: text("operationId"),
            method: method.to_uppercase(),
            path: path.to_owned(),
            resource: tag.map_or_else(|| first_segment(path), str::to_owned),
            request: request.map(|_| format!("{place}/requestBody/content/application~1json/schema")),
            answers,
            needs_query: parameters.into_iter().any(|one| one["in"] == "query" && one["required"] == true),
        }
    }

    /// How many parameters the path has.
    pub(crate) fn path_parameters(&self) -> usize {
        self.path.matches('{').count()
    }

    /// The path under `/v1` with its parameters filled in, in order.
    pub(crate) fn filled(&self, parameters: &[String]) -> String {
        let mut filled = String::from("/v1");
        let mut values = parameters.iter();
        let mut rest = self.path.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let value = values.next().map_or("none", String::as_str);
            filled.push_str(&value.replace('/', "%2F"));
            rest = after.split_once('}').map_or("", |(_, after)| after);
        }
        filled + rest
    }
}

/// A name as a part of a JSON pointer in a URI.
fn escape(name: &str) -> String {
    let pointer = name.replace('~', "~0").replace('/', "~1");
    pointer.replace('%', "%25").replace('{', "%7B").replace('}', "%7D").replace('?', "%3F")
}

/// `admin_api_keys` of `/organization/admin_api_keys/{key_id}`, `containers` of `/containers/{id}`.
fn first_segment(path: &str) -> String {
    let mut segments = path.split(['/', '?']).filter(|segment| !segment.is_empty() && *segment != "organization");
    segments.next().unwrap_or("organization").to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn small() -> Value {
        json!({"paths": {"/a/{id}/b/{other}": {"post": {
            "operationId": "makeA",
            "parameters": [{"in": "query", "name": "q", "required": true}],
            "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}},
            "responses": {"200": {"content": {
                "application/json": {"schema": {"type": "string"}},
                "text/event-stream": {"schema": {"type": "integer"}},
            }}},
        }}}, "components": {"schemas": {"A": {"type": "object"}}}})
    }

    #[test]
    fn an_operation_knows_where_its_schemas_stand() {
        let document = Document::parse(&small().to_string()).unwrap();
        let operation = document.operation("makeA").unwrap();
        assert_eq!((operation.method.as_str(), operation.resource.as_str()), ("POST", "a"));
        assert!(operation.needs_query);
        let place = "#/paths/~1a~1%7Bid%7D~1b~1%7Bother%7D/post";
        assert_eq!(operation.request, Some(format!("{place}/requestBody/content/application~1json/schema")));
        let answers = &operation.answers["200"];
        assert_eq!(answers.events, Some(format!("{place}/responses/200/content/text~1event-stream/schema")));
    }

    #[test]
    fn paths_are_filled_in_order() {
        let document = Document::parse(&small().to_string()).unwrap();
        let operation = &document.operations()[0];
        assert_eq!(operation.path_parameters(), 2);
        assert_eq!(operation.filled(&["x".to_owned(), "y".to_owned()]), "/v1/a/x/b/y");
        assert_eq!(operation.filled(&[]), "/v1/a/none/b/none");
    }

    proptest! {
        #[test]
        fn garbage_is_refused_and_not_a_panic(text in ".{0,200}") {
            prop_assert!(Document::parse(&text).is_err());
        }

        #[test]
        fn odd_operations_are_read_as_far_as_they_go(path in "[/{}a-z?~%]{0,20}", word in ".{0,10}") {
            let text = json!({"paths": {path: {"get": {"operationId": word, "tags": word, "responses": word}}}});
            let document = Document::parse(&text.to_string()).unwrap();
            document.operations()[0].filled(&[]);
            document.registry().unwrap();
        }
    }
}
