import { QueryClient } from '@tanstack/react-query';

import { ApiError } from './api';

const RETRIES = 2;

/** A refusal (4xx) or a missing release (503) stays what it is; a lost connection may come back. */
function worthRetrying(failures: number, error: Error) {
  const fleeting = !(error instanceof ApiError) || error.status === 0 || error.status === 502 || error.status === 504;
  return fleeting && failures < RETRIES;
}

export function createQueryClient() {
  return new QueryClient({
    defaultOptions: {
      queries: { staleTime: 60_000, retry: worthRetrying, refetchOnWindowFocus: false },
    },
  });
}
