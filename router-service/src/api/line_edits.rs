//! Edits of single lines in the body of a correction, and the answer if others were first.

use super::line_body::{CorrectLine, MODIFIERS_MAX, NAME_CHARACTERS_MAX, modifier, nulls, read_line};
use super::nested_body::{FieldErrors, integer, money, name};
use crate::domain::correct::{Change, Conflicts};
use crate::domain::edit_lines::{LineEdit, LineEdits, SeenLine};
use crate::domain::split::{LINES_MAX, Split};
use crate::wire::cheque_json::ChequeJson;
use contracts::money::BillMoney;
use contracts::quantity::Quantity;
use http::StatusCode;
use http_api::body::JsonBody;
use http_api::problem::Problem;
use serde_json::{Value, json};

/// Edits of single lines: all of them or none. An edit conflicts only if its own line was changed since.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the shape of the body for the document; it is read field by field")]
pub(super) struct EditLines {
    #[schema(required = false, max_items = 1000)]
    set: Option<Vec<SetLine>>,
    /// New lines, without `id`. They come last.
    #[schema(required = false, max_items = 1000)]
    add: Option<Vec<CorrectLine>>,
    #[schema(required = false, max_items = 1000)]
    remove: Option<Vec<RemoveLine>>,
}

/// What changes of a line. An omitted field stays unchanged.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "as above")]
struct SetLine {
    /// The line.
    id: u32,
    /// Its version as you have read it, or a later version of the state in which it was the same.
    version: i64,
    /// 1 to 200 characters.
    #[schema(required = false)]
    name: Option<String>,
    #[schema(rename = "numberServings", required = false)]
    number_servings: Option<Quantity>,
    /// Price of one serving; computed if omitted and quantity or total change.
    #[schema(required = false)]
    price: Option<BillMoney>,
    /// Null if unknown.
    #[schema(required = false)]
    total: Option<BillMoney>,
    #[schema(required = false, max_items = 20)]
    modifiers: Option<Vec<String>>,
}

/// A line to remove. Its claims end.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "as above")]
struct RemoveLine {
    /// The line.
    id: u32,
    /// Its version as you have read it, or a later version of the state in which it was the same.
    version: i64,
}

/// Reads `/lines`.
pub(super) fn read_edits(json: &str, errors: &mut FieldErrors) -> Option<LineEdits> {
    errors.object(json, "/lines", |body, errors| {
        let set = list(body, "set", errors, read_edit);
        let add = list(body, "add", errors, |line, pointer, errors| {
            let line = read_line(line, pointer, errors)?;
            if line.id.is_some() {
                errors.add(&format!("{pointer}/id"), &"is unknown: a new line gets its number from the server");
                return None;
            }
            Some(line)
        });
        let remove = list(body, "remove", errors, |line, _, _| seen(line));
        Some(LineEdits { set: set?, add: add?, remove: remove? })
    })
}

/// A list of objects; empty if it is omitted, and `None` if something in it is wrong.
fn list<T>(
    body: &mut JsonBody,
    field: &str,
    errors: &mut FieldErrors,
    mut read: impl FnMut(&mut JsonBody, &str, &mut FieldErrors) -> Option<T>,
) -> Option<Vec<T>> {
    let read = body.optional(field, |json| {
        Ok::<_, String>(errors.list(json, &format!("/lines/{field}"), LINES_MAX, |json, pointer, errors| {
            errors.object(json, pointer, |line, errors| read(line, pointer, errors))
        }))
    });
    read.unwrap_or_else(|| Some(vec![]))
}

fn read_edit(line: &mut JsonBody, pointer: &str, errors: &mut FieldErrors) -> Option<LineEdit> {
    let seen = seen(line);
    let name = line.optional("name", name(NAME_CHARACTERS_MAX));
    let number_servings = line.optional("numberServings", Quantity::from_json_number);
    let price = line.optional("price", money);
    let is_cleared = nulls(line).contains("total");
    let total = match line.optional("total", money) {
        Some(total) => Change::Set(total),
        None if is_cleared => Change::Clear,
        None => Change::Keep,
    };
    let modifiers = line.optional("modifiers", |json| {
        let place = format!("{pointer}/modifiers");
        Ok::<_, String>(errors.list(json, &place, MODIFIERS_MAX, modifier))
    });
    Some(LineEdit { seen: seen?, name, number_servings, price, total, modifiers: modifiers.flatten() })
}

fn seen(line: &mut JsonBody) -> Option<SeenLine> {
    let id = line.required("id", integer(1, u32::MAX));
    let version = line.required("version", integer(1, i64::MAX));
    Some(SeenLine { id: id?, version: version? })
}

/// What was changed since it was read, as it is now, so that both can be shown side by side.
pub(super) fn conflict(conflicts: &Conflicts, split: &Split, detail: String) -> Problem {
    let bill = serde_json::to_value(ChequeJson::of(split)).unwrap_or_default();
    let line = |id: &u32| {
        let now = bill["products"].as_array().into_iter().flatten().find(|line| line["id"] == *id);
        json!({ "id": id, "now": now })
    };
    let lines: Vec<Value> = conflicts.lines.iter().map(line).collect();
    let field = |name: &str| json!({ "field": name, "now": bill[name] });
    let fields: Vec<Value> = conflicts.fields.iter().map(|one| field(one.as_str())).collect();
    let code = if lines.is_empty() { "fields_changed" } else { "lines_changed" };
    Problem::new(StatusCode::CONFLICT, code, detail).with_member("lines", lines).with_member("fields", fields)
}
