import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

const gateway = process.env.GATEWAY_URL ?? 'http://localhost:8000';
const proxied = ['/orders', '/payments', '/gateway', '/docs', '/ws'];

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: 'es2022',
    // Inlined files become data: URLs, which our Content-Security-Policy refuses for fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  server: {
    port: 5173,
    proxy: Object.fromEntries(
      proxied.map((path) => [path, { target: gateway, ws: path === '/ws', changeOrigin: true }]),
    ),
  },
});
