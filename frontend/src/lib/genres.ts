import { queryOptions } from '@tanstack/react-query';

import { api } from './api';
import type { Genres } from './api-types';

export const genresQuery = queryOptions({
  queryKey: ['genres'],
  queryFn: ({ signal }) => api.get<Genres>('/genres', { signal }),
  staleTime: Infinity,
});
