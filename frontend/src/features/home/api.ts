import { queryOptions } from '@tanstack/react-query';

import { api } from '@/lib/api';
import { MINE } from '@/lib/me';
import type { Home } from '@/lib/types';

export const homeQuery = queryOptions({
  queryKey: [MINE, 'home'],
  queryFn: ({ signal }) => api.get<Home>('/me/home', { signal }),
});
