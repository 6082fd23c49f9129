//! Metrics for Prometheus.

use crate::stage::Stage;
use testkit::{eventually, undescribed};

#[tokio::test]
async fn every_metric_is_described() {
    let stage = Stage::new().await;
    stage.register("anna").await;
    let metrics = async || stage.anonymous().get("/metrics").await.text;
    // The relay describes its metrics although no consumer runs here.
    eventually(true, async || metrics().await.contains("# HELP messaging_published_total ")).await;
    assert_eq!(undescribed(&metrics().await), Vec::<String>::new());
}
