import { queryOptions } from '@tanstack/react-query';

import { api } from '@/lib/api';
import type { Home } from '@/lib/api-types';
import { MINE } from '@/lib/me';

export const homeQuery = queryOptions({
  queryKey: [MINE, 'home'],
  queryFn: ({ signal }) => api.get<Home>('/me/home', { signal }),
});
