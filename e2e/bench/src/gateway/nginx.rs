//! nginx as a reverse proxy with the comparable part of the gateway's work: strips the prefix, keeps connections open,
//! and logs a line per request.

use super::child::{Child, free_host, reachable};
use crate::cli;
use std::error::Error;
use std::process::Command;

/// Starts nginx in front of `upstream`; returns it with its address.
pub(super) async fn start(options: &cli::Gateway, upstream: &str) -> Result<(Child, String), Box<dyn Error>> {
    let host = free_host()?;
    let folder = options.folder.join("nginx");
    std::fs::create_dir_all(&folder)?;
    let file = folder.join("nginx.conf");
    std::fs::write(&file, configuration(&host, upstream))?;
    let mut command = Command::new(&options.nginx);
    command.arg("-c").arg(&file).arg("-p").arg(&folder).args(["-e", "error.log"]);
    let nginx = Child::start("nginx", &mut command)?;
    reachable(&host).await?;
    Ok((nginx, host))
}

fn configuration(host: &str, upstream: &str) -> String {
    format!(
        "daemon off; worker_processes auto; pid nginx.pid; error_log error.log;\n\
         events {{ worker_connections 4096; }}\n\
         http {{\n\
           access_log access.log combined buffer=64k flush=1s; keepalive_requests 1000000; tcp_nodelay on;\n\
           client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; \
           scgi_temp_path scgi;\n\
           upstream orders {{ server {upstream}; keepalive 128; keepalive_requests 1000000; }}\n\
           server {{\n\
             listen {host};\n\
             location /orders/ {{\n\
               proxy_pass http://orders/; proxy_http_version 1.1; proxy_set_header Connection \"\";\n\
               proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Host $host;\n\
             }}\n\
           }}\n\
         }}\n"
    )
}
