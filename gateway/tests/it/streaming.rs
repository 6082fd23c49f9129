//! Bodies are streamed in both directions, and not faster than they are read.

use crate::client::{as_user, open, send};
use crate::stage::before_router;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use futures_util::{StreamExt, stream};
use http_body_util::BodyExt;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::mpsc;

type Chunk = Result<Bytes, Infallible>;

#[tokio::test]
async fn the_service_reads_arrived_bytes_during_the_upload() {
    let (arrived, mut arrivals) = mpsc::channel::<Bytes>(4);
    let router = Router::new().fallback(move |request: Request| async move {
        let mut body = request.into_body().into_data_stream();
        while let Some(Ok(chunk)) = body.next().await {
            arrived.send(chunk).await.unwrap();
        }
        "done"
    });
    let (stage, _service) = before_router(router).await;
    let (upload, body) = piecewise();
    let request = as_user("POST", stage.api, "/orders/orders").body(body).unwrap();
    let answer = tokio::spawn(send(request));
    for chunk in ["first", "second"] {
        upload.send(Ok(Bytes::from(chunk))).await.unwrap();
        assert_eq!(arrivals.recv().await.unwrap(), chunk);
    }
    drop(upload);
    assert_eq!(answer.await.unwrap().text(), "done");
}

#[tokio::test]
async fn the_client_reads_arrived_bytes_during_the_response() {
    let (download, body) = piecewise();
    let body = Arc::new(std::sync::Mutex::new(Some(body)));
    let router = Router::new().fallback(move || async move { body.lock().unwrap().take().unwrap() });
    let (stage, _service) = before_router(router).await;
    let request = as_user("GET", stage.api, "/orders/orders").body(Body::empty()).unwrap();
    let mut answer = open(request).await.into_body();
    for chunk in ["first", "second"] {
        download.send(Ok(Bytes::from(chunk))).await.unwrap();
        assert_eq!(answer.frame().await.unwrap().unwrap().into_data().unwrap(), chunk);
    }
    drop(download);
    assert!(answer.frame().await.is_none());
}

#[tokio::test]
async fn a_client_that_does_not_read_pauses_the_service() {
    const CHUNK: usize = 64 * 1024;
    const CHUNKS: usize = 4096;
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sent);
    let chunk = Bytes::from(vec![b'x'; CHUNK]);
    let router = Router::new().fallback(move || async move {
        Body::from_stream(stream::iter(0..CHUNKS).map(move |_| {
            counter.fetch_add(1, Ordering::SeqCst);
            Chunk::Ok(chunk.clone())
        }))
    });
    let (stage, _service) = before_router(router).await;
    let request = as_user("GET", stage.api, "/orders/orders").body(Body::empty()).unwrap();
    let mut answer = open(request).await.into_body();
    // The first bytes have arrived, so without backpressure nothing would delay the rest.
    assert!(answer.frame().await.is_some());
    assert!(sent.load(Ordering::SeqCst) < CHUNKS);
    let mut rest = 0;
    while let Some(frame) = answer.frame().await {
        rest += frame.unwrap().into_data().unwrap().len();
    }
    assert_eq!(sent.load(Ordering::SeqCst), CHUNKS);
    assert!(rest < CHUNK * CHUNKS);
}

fn piecewise() -> (mpsc::Sender<Chunk>, Body) {
    let (sender, receiver) = mpsc::channel::<Chunk>(1);
    let chunks = stream::unfold(receiver, |mut receiver| async move { Some((receiver.recv().await?, receiver)) });
    (sender, Body::from_stream(chunks))
}
