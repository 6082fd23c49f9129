//! Listing letters, and invalid requests.

use crate::service::Service;

#[tokio::test]
async fn pages_link_to_the_next_one_below_the_nested_path() {
    let service = Service::start().await;
    for parcel in 0..5 {
        service.dead_letter(parcel).await;
    }
    let (mut path, mut seen) = ("/dead-letters?limit=2&type=parcels.ParcelSent.v1".to_owned(), 0);
    loop {
        let page = service.get(&path).await;
        assert_eq!(page.status, 200, "{}", page.json);
        seen += page.json.as_array().unwrap().len();
        let Some(link) = page.link else { break };
        path = link.strip_prefix("</internal/operations").unwrap().split('>').next().unwrap().to_owned();
    }
    assert_eq!(seen, 5);
    let state = service.get("/messaging").await;
    assert_eq!(service.get("/topology").await.status, 200);
    assert_eq!((state.status, &state.json["dead_letters"][0]["open"]), (200, &5.into()));
}

#[tokio::test]
async fn invalid_requests_get_problem_documents_and_never_server_errors() {
    let service = Service::start().await;
    let wrong = ["type=%00", "reason=a%00b", "limit=1&limit=2", "type=a&type=b", "state=lost", "limit=0", "cursor=x"];
    for query in wrong {
        let answer = service.get(&format!("/dead-letters?{query}")).await;
        assert_eq!((answer.status, answer.media_type.as_str()), (422, "application/problem+json"), "{query}");
        assert_eq!(answer.json["code"], "invalid_request", "{query}");
        assert_eq!(answer.json["type"], "urn:rabbit-outbox:problem:invalid_request", "{query}");
    }
    for path in ["/dead-letters/sideways/1", "/dead-letters/incoming/%FF", "/dead-letters/incoming/%00"] {
        let answer = service.get(path).await;
        assert_eq!((answer.status, &answer.json["code"]), (404, &"dead_letter_not_found".into()), "{path}");
    }
    for (body, status) in [("", 400), ("[]", 422), (r#"{"type": "\u0000"}"#, 422), (r#"{"state": 1, "x": 2}"#, 422)] {
        let answer = service.post("/dead-letters/discard", body).await;
        assert_eq!((answer.status, answer.media_type.as_str()), (status, "application/problem+json"), "{body}");
    }
}
