/// <reference types="vitest/config" />
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: { tsconfigPaths: true },
  server: { host: '127.0.0.1', proxy: { '/api': 'http://127.0.0.1:5001' } },
  // An inlined asset would be a data: address, which the server's content policy refuses for fonts.
  build: { assetsInlineLimit: 0 },
  test: { environment: 'jsdom', setupFiles: 'src/testing/setup.ts', restoreMocks: true, testTimeout: 30_000 },
});
