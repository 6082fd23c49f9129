import type { IncomingMessage } from 'node:http';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

const gateway = process.env.GATEWAY_URL ?? 'http://localhost:8000';
// Every path that the gateway does not answer with the page: `gateway/src/routes.rs`.
const proxied = [
  '/orders',
  '/payments',
  '/ocr',
  '/small-router',
  '/groups',
  '/users',
  '/login',
  '/tickets',
  '/ws',
  '/gateway',
  '/docs',
];

// As in the gateway: a share link is the page for a browser, and the API for the page.
function pageOfShareLink({ url, headers }: IncomingMessage): string | undefined {
  const isPage = url?.startsWith('/small-router/') && headers.accept?.includes('text/html');
  return isPage ? '/index.html' : undefined;
}

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: 'es2022',
    // Inlined files become data: URLs, which the Content-Security-Policy blocks for fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  server: {
    port: 5173,
    proxy: Object.fromEntries(
      proxied.map((path) => [path, { target: gateway, ws: true, changeOrigin: true, bypass: pageOfShareLink }]),
    ),
  },
});
