//! The documentation of each service, and the combined one, work through the gateway.

use crate::stage::Stage;
use crate::table::Table;
use serde_json::{Value, json};
use testkit::Client;

#[tokio::test]
async fn the_swagger_ui_of_each_service_loads_through_the_gateway() {
    let (stage, table) = (Stage::new().await, Table::with_redis(0).await);
    let (orders, cheques) = (stage.anonymous(), table.anonymous());
    let places =
        [(&orders, "/orders"), (&orders, "/payments"), (&orders, ""), (&cheques, "/ocr"), (&cheques, "/small-router")];
    for (client, prefix) in places {
        let redirect = client.get(&format!("{prefix}/docs")).await;
        assert!(redirect.status.is_redirection(), "{prefix}/docs: {}", redirect.status);
        assert_eq!(resolve(&format!("{prefix}/docs"), redirect.header("location")), format!("{prefix}/docs/"));
        loads_with_its_assets(client, &format!("{prefix}/docs/")).await;
    }
}

#[tokio::test]
async fn a_services_document_names_its_prefix_and_every_address_in_it_exists() {
    let (stage, table) = (Stage::new().await, Table::with_redis(0).await);
    let (orders, cheques) = (stage.user(1), table.user(1));
    let places = [
        (&orders, "/orders", "/orders"),
        (&orders, "/payments", "/account/topup"),
        (&cheques, "/ocr", "/load-image"),
        (&cheques, "/small-router", "/{hash}/settle"),
    ];
    for (client, prefix, known) in places {
        let answer = client.get(&format!("{prefix}/openapi.json")).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"));
        let document = answer.json();
        assert_eq!(document["servers"], json!([{ "url": prefix }]));
        assert!(document["paths"][known]["post"].is_object(), "{}", answer.text);
        for path in document["paths"].as_object().unwrap().keys() {
            let id = uuid::Uuid::now_v7().to_string();
            let path = path.replace("{id}", &id).replace("{reading}", &id);
            let path = path.replace("{hash}", "0123456789012345678901").replace("{line}", "1");
            let path = path.replace("{key}", "0123456789012345678901");
            let path = path.replace("{direction}", "incoming").replace("{event_id}", &id);
            assert!(!path.contains('{'), "this test has no value for {path}");
            let answer = client.get(&format!("{prefix}{path}")).await;
            assert_ne!(answer.json()["code"], "not_found", "{prefix}{path} leads nowhere: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn the_combined_documentation_shows_every_service() {
    let stage = Stage::new().await;
    let settings = stage.anonymous().get("/docs/swagger-initializer.js").await.text;
    for service in ["orders", "payments", "ocr", "small-router"] {
        assert!(settings.contains(&format!("\"../{service}/openapi.json\"")), "{settings}");
    }
    for service in ["orders", "payments"] {
        let url = format!("../{service}/openapi.json");
        let document = stage.anonymous().get(&resolve("/docs/", &url)).await.json();
        assert_eq!(document["servers"][0]["url"], Value::from(format!("/{service}")));
    }
}

/// Fetches a page and everything that it references in `src` and `href`.
async fn loads_with_its_assets(client: &Client, path: &str) {
    let page = client.get(path).await;
    assert_eq!(page.status, 200, "{path}");
    assert!(page.header("content-type").starts_with("text/html"), "{path}: {:?}", page.headers);
    let assets: Vec<&str> = [r#"src=""#, r#"href=""#]
        .iter()
        .flat_map(|start| page.text.split(start).skip(1))
        .filter_map(|rest| rest.split('"').next())
        .collect();
    for file in ["swagger-ui-bundle.js", "swagger-ui.css", "swagger-initializer.js"] {
        assert!(assets.iter().any(|asset| asset.contains(file)), "{path} does not use {file}: {assets:?}");
    }
    for asset in assets {
        assert!(!asset.contains("//"), "{path} needs the network: {asset}");
        let file = client.get(&resolve(path, asset)).await;
        assert_eq!(file.status, 200, "{path}: {asset}");
        assert!(!file.text.is_empty() && file.header("content-type") != "application/problem+json", "{path}: {asset}");
    }
}

/// Resolves a link on the page `base` like a browser, as far as these pages need it.
fn resolve(base: &str, link: &str) -> String {
    if link.starts_with('/') {
        return link.to_owned();
    }
    let mut segments: Vec<&str> = base.split('/').collect();
    segments.pop();
    for step in link.split('/') {
        match step {
            "." => {}
            ".." => drop(segments.pop()),
            name => segments.push(name),
        }
    }
    segments.join("/")
}
