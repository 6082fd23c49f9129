//! Lists a user's orders, newest first, without orders of other users.

use crate::stage::Stage;
use contracts::ids::OrderId;
use uuid::Uuid;

#[tokio::test]
async fn pages_join_without_gap_or_overlap() {
    let stage = Stage::new().await;
    for amount in 1..=7 {
        stage.place(1, &amount.to_string()).await;
    }
    stage.place(2, "99").await;
    let user = stage.user(1).with_header("x-forwarded-prefix", "/orders");
    let (mut path, mut amounts) = ("/orders?limit=3".to_owned(), vec![]);
    loop {
        let page = user.get(&path).await;
        amounts.extend(page.json().as_array().unwrap().iter().map(|order| order["amount"].as_i64().unwrap()));
        let Some(next) = page.header("link").strip_prefix("</orders") else { break };
        path = next.split('>').next().unwrap().to_owned();
    }
    assert_eq!(amounts, [7, 6, 5, 4, 3, 2, 1]);
}

#[tokio::test]
async fn a_filter_shows_one_status() {
    let stage = Stage::new().await;
    let (first, second) = (stage.place(1, "1").await, stage.place(1, "2").await);
    stage.pay(first).await;
    stage.eventually_in(1, first, "PAID").await;
    let ids = async |status: &str| {
        let page = stage.user(1).get(&format!("/orders?status={status}")).await.json();
        page.as_array().unwrap().iter().map(|order| order["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids("PAID").await, [first.to_string()]);
    assert_eq!(ids("PENDING").await, [second.to_string()]);
    assert_eq!(ids("FAILED").await, Vec::<String>::new());
}

#[tokio::test]
async fn an_order_of_another_user_is_not_found() {
    let stage = Stage::new().await;
    let id = stage.place(1, "1").await;
    let stolen = stage.user(2).get(&format!("/orders/{id}")).await;
    let invented = stage.user(2).get(&format!("/orders/{}", OrderId(Uuid::now_v7()))).await;
    assert_eq!((stolen.status.as_u16(), invented.status.as_u16()), (404, 404));
    assert_eq!(stolen.json()["code"], invented.json()["code"], "both responses are the same");
    assert_eq!(stage.user(2).get("/orders").await.json(), serde_json::json!([]));
    assert_eq!(stage.user(1).get("/orders/not-an-id").await.status, 404);
}
