//! Metrics for Prometheus.

use crate::stage::Stage;
use testkit::undescribed;

#[tokio::test]
async fn every_metric_is_described() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[100]).await;
    let _socket = stage.watch(&path).await.unwrap();
    let metrics = stage.anonymous().get("/metrics").await.text;
    assert_eq!(undescribed(&metrics), Vec::<String>::new());
    assert!(metrics.contains("# HELP router_live_sockets "), "{metrics}");
}
