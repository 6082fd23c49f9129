//! Metrics for Prometheus.

use crate::stage::{Stage, order};
use testkit::undescribed;

#[tokio::test]
async fn every_metric_is_described() {
    let stage = Stage::new().await;
    stage.top_up(1, "500").await;
    let order = order(1, "199.90");
    stage.broker.announce(&order).await;
    stage.eventually_announced(order.order_id, &["payments.PaymentCompleted.v1"]).await;
    let metrics = stage.user(1).get("/metrics").await.text;
    assert_eq!(undescribed(&metrics), Vec::<String>::new());
    assert!(metrics.contains("# HELP messaging_handled_total "), "{metrics}");
}
