//! Metrics for Prometheus.

use crate::stage::Stage;
use testkit::{eventually, missing_process_metrics, undescribed};

#[tokio::test]
async fn every_metric_is_described() {
    let stage = Stage::new().await;
    stage.register("anna").await;
    let metrics = async || stage.anonymous().get("/metrics").await.text;
    // The relay describes its metrics although no consumer runs here.
    eventually(true, async || metrics().await.contains("# HELP messaging_published_total ")).await;
    assert_eq!(undescribed(&metrics().await), Vec::<String>::new());
}

#[tokio::test]
async fn the_process_is_measured() {
    let stage = Stage::new().await;
    let metrics = stage.anonymous().get("/metrics").await.text;
    assert_eq!(missing_process_metrics(&metrics), Vec::<&str>::new());
}
