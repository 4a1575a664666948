import '@testing-library/jest-dom/vitest';

import { cleanup, configure } from '@testing-library/react';
import { afterAll, afterEach, beforeAll, vi } from 'vitest';

import { forgetCsrfToken } from '@/lib/api';

import { clearMemory, server } from './server';

configure({ asyncUtilTimeout: 8_000 }); // a machine that trains models beside this is slow

// jsdom lays nothing out: what watches or moves the viewport has nothing to do here.
vi.stubGlobal('scrollTo', () => undefined);
vi.stubGlobal(
  'IntersectionObserver',
  class {
    observe() {}
    disconnect() {}
  },
);

beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
afterEach(() => {
  cleanup();
  server.resetHandlers();
  clearMemory();
  forgetCsrfToken();
});
afterAll(() => server.close());
