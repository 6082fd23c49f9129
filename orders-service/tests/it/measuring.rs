//! Metrics for Prometheus.

use crate::stage::Stage;
use testkit::undescribed;

#[tokio::test]
async fn every_metric_is_described() {
    let stage = Stage::new().await;
    let _socket = stage.watch(1, "/ws/orders").await.unwrap();
    let id = stage.place(1, "10").await;
    stage.pay(id).await;
    stage.eventually_in(1, id, "PAID").await;
    let metrics = stage.user(1).get("/metrics").await.text;
    assert_eq!(undescribed(&metrics), Vec::<String>::new());
    for name in ["http_requests_total", "orders_live_sockets", "messaging_handled_total"] {
        assert!(metrics.contains(&format!("# HELP {name} ")), "{name} in {metrics}");
    }
}
