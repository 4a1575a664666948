import { queryOptions } from '@tanstack/react-query';

import { api } from './api';
import type { Genre, Items } from './types';

export const genresQuery = queryOptions({
  queryKey: ['genres'],
  queryFn: ({ signal }) => api.get<Items<Genre>>('/genres', { signal }),
  staleTime: Infinity,
});
