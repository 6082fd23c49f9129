//! What makes an OpenAPI document unusable for tools that generate clients or validate it.

use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashSet};

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// The faults of an OpenAPI 3.1 document: responses without a description, references that do not resolve, operation
/// ids that are missing or not unique, path parameters that are not declared or not in the path, security
/// schemes that are not declared, and bytes as numbers.
pub fn faults(document: &Value) -> Vec<String> {
    let mut faults = vec![];
    let mut ids = HashSet::new();
    let mut operations = 0;
    for (path, item) in members(&document["paths"]) {
        for (method, operation) in members(item).filter(|(name, _)| METHODS.contains(name)) {
            operations += 1;
            let place = format!("{} {path}", method.to_uppercase());
            match operation["operationId"].as_str() {
                None | Some("") => faults.push(format!("{place}: no operation id")),
                Some(id) if !ids.insert(id) => faults.push(format!("{place}: the operation id {id} is not unique")),
                Some(_) => {}
            }
            faults
                .extend(undescribed(document, operation).map(|status| format!("{place}: {status} has no description")));
            faults.extend(
                undeclared(document, &operation["security"])
                    .map(|name| format!("{place}: the security scheme {name} is not declared")),
            );
            faults.extend(numbers(document, operation).map(|media| format!("{place}: numbers as {media}")));
            let declared = path_parameters(document, &[item, operation]);
            faults.extend(in_template(path).symmetric_difference(&declared).map(|name| {
                format!("{place}: the path parameter {name} must be in the path and declared as required")
            }));
        }
    }
    if operations == 0 {
        faults.push("no operation".to_owned());
    }
    faults.extend(
        undeclared(document, &document["security"]).map(|name| format!("the security scheme {name} is not declared")),
    );
    unresolved(document, document, &mut faults);
    faults
}

/// The operations that need no user, for example `POST /login`: their requirements allow a request without credentials.
pub fn without_user(document: &Value) -> Vec<String> {
    let mut public: Vec<String> = operations(document)
        .filter(|(_, _, operation)| {
            let security = if operation["security"].is_null() { &document["security"] } else { &operation["security"] };
            let requirements = security.as_array().map(Vec::as_slice).unwrap_or_default();
            requirements.is_empty() || requirements.iter().any(|one| one.as_object().is_none_or(Map::is_empty))
        })
        .map(|(method, path, _)| format!("{} {path}", method.to_uppercase()))
        .collect();
    public.sort();
    public
}

fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    members(&document["paths"]).flat_map(|(path, item)| {
        members(item)
            .filter(|(name, _)| METHODS.contains(name))
            .map(move |(method, operation)| (method, path, operation))
    })
}

/// The security schemes that a requirement names and the document does not declare.
fn undeclared<'a>(document: &'a Value, security: &'a Value) -> impl Iterator<Item = &'a str> {
    let names = security.as_array().into_iter().flatten().filter_map(Value::as_object).flat_map(Map::keys);
    names.map(String::as_str).filter(|name| document["components"]["securitySchemes"][*name].is_null())
}

/// The statuses whose response has no description, or `the operation` if there is no response.
fn undescribed<'a>(document: &'a Value, operation: &'a Value) -> impl Iterator<Item = &'a str> {
    let none = operation["responses"].as_object().is_none_or(Map::is_empty);
    let described = |response: &Value| response["description"].as_str().is_some_and(|text| !text.trim().is_empty());
    members(&operation["responses"])
        .filter(move |(_, response)| !described(target(document, response)))
        .map(|(status, _)| status)
        .chain(none.then_some("the operation"))
}

/// The media types, other than JSON, whose schema or one of its properties is an array of numbers: bytes are a string of
/// the format `binary`.
fn numbers<'a>(document: &'a Value, operation: &'a Value) -> impl Iterator<Item = &'a str> {
    let bodies = members(&operation["responses"]).map(|(_, response)| response).chain([&operation["requestBody"]]);
    let contents = bodies.flat_map(|body| members(&target(document, body)["content"]));
    contents.filter(|(media_type, _)| !media_type.ends_with("json")).filter_map(move |(media_type, content)| {
        let schema = target(document, &content["schema"]);
        let mut parts = members(&schema["properties"]).map(|(_, part)| part).chain([schema]);
        parts.any(|part| target(document, part)["items"]["type"] == "integer").then_some(media_type)
    })
}

/// The names of the required path parameters that an operation and its path declare.
fn path_parameters<'a>(document: &'a Value, owners: &[&'a Value]) -> BTreeSet<&'a str> {
    owners
        .iter()
        .flat_map(|owner| owner["parameters"].as_array().into_iter().flatten())
        .map(|parameter| target(document, parameter))
        .filter(|parameter| parameter["in"] == "path" && parameter["required"] == true)
        .filter_map(|parameter| parameter["name"].as_str())
        .collect()
}

/// The names between braces in a path.
fn in_template(path: &str) -> BTreeSet<&str> {
    path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}

/// The value itself, or what its `$ref` refers to.
fn target<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    value["$ref"].as_str().and_then(|reference| resolve(document, reference)).unwrap_or(value)
}

fn resolve<'a>(document: &'a Value, reference: &str) -> Option<&'a Value> {
    document.pointer(reference.strip_prefix('#')?)
}

/// Adds every `$ref` below `value` that does not resolve.
fn unresolved(document: &Value, value: &Value, faults: &mut Vec<String>) {
    if let Some(reference) = value["$ref"].as_str()
        && resolve(document, reference).is_none()
    {
        faults.push(format!("{reference} does not resolve"));
    }
    members(value).for_each(|(_, member)| unresolved(document, member, faults));
    value.as_array().into_iter().flatten().for_each(|item| unresolved(document, item, faults));
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(name, member)| (name.as_str(), member))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn document(operation: &Value) -> Value {
        json!({
            "paths": { "/orders/{id}": { "get": operation } },
            "components": { "schemas": { "Order": { "type": "object" } } },
        })
    }

    fn valid() -> Value {
        json!({
            "operationId": "getOrder",
            "parameters": [{ "name": "id", "in": "path", "required": true }],
            "responses": { "200": {
                "description": "The order",
                "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Order" } } },
            } },
        })
    }

    #[test]
    fn a_valid_document_has_no_faults() {
        assert_eq!(faults(&document(&valid())), Vec::<String>::new());
    }

    #[test]
    fn every_fault_is_found_and_named() {
        let schema = "/responses/200/content/application~1json/schema/$ref";
        for (pointer, value, fault) in [
            ("/responses/200/description", json!(" "), "GET /orders/{id}: 200 has no description"),
            ("/responses", json!({}), "GET /orders/{id}: the operation has no description"),
            (schema, json!("#/components/schemas/Bill"), "#/components/schemas/Bill does not resolve"),
            ("/operationId", json!(null), "GET /orders/{id}: no operation id"),
            (
                "/parameters",
                json!([]),
                "GET /orders/{id}: the path parameter id must be in the path and declared as required",
            ),
        ] {
            let mut operation = valid();
            *operation.pointer_mut(pointer).unwrap() = value;
            assert_eq!(faults(&document(&operation)), [fault]);
        }
        assert_eq!(faults(&json!({ "paths": {} })), ["no operation"]);
        let mut secured = valid();
        secured["security"] = json!([{ "bearer": [] }]);
        assert_eq!(faults(&document(&secured)), ["GET /orders/{id}: the security scheme bearer is not declared"]);
    }

    #[test]
    fn an_operation_without_requirements_or_with_an_empty_one_needs_no_user() {
        for (own, all, is_public) in [
            (json!(null), json!(null), true),
            (json!(null), json!([{ "user": [] }]), false),
            (json!([]), json!([{ "user": [] }]), true),
            (json!([{}, { "user": [] }]), json!(null), true),
            (json!([{ "user": [] }]), json!(null), false),
        ] {
            let mut operation = valid();
            operation["security"] = own;
            let mut document = document(&operation);
            document["security"] = all;
            assert_eq!(without_user(&document).len(), usize::from(is_public), "{document}");
        }
    }

    #[test]
    fn bytes_are_not_an_array_of_numbers() {
        let numbers = json!({ "type": "array", "items": { "type": "integer" } });
        let mut photo = valid();
        photo["responses"]["200"]["content"] = json!({ "image/jpeg": { "schema": numbers } });
        assert_eq!(faults(&document(&photo)), ["GET /orders/{id}: numbers as image/jpeg"]);
        let mut upload = valid();
        upload["requestBody"]["content"] =
            json!({ "multipart/form-data": { "schema": { "properties": { "file": numbers } } } });
        assert_eq!(faults(&document(&upload)), ["GET /orders/{id}: numbers as multipart/form-data"]);
    }

    #[test]
    fn an_operation_id_belongs_to_one_operation() {
        let mut twice = document(&valid());
        twice["paths"]["/orders/{id}"]["delete"] = valid();
        assert_eq!(faults(&twice), ["GET /orders/{id}: the operation id getOrder is not unique"]);
    }
}
