import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useRef } from 'react';

import { api } from '@/lib/api';
import { meQuery } from '@/lib/me';

interface RowEvent {
  kind: 'impression' | 'click';
  /** The row's kind. */
  row: string;
  movie_id?: number;
  position?: number;
}

const GATHERED_FOR = 1_000;

/** Tells the server which rows were seen and which films in them were opened, a second's worth at a time. */
export function useTelling(releaseId: string | undefined) {
  const queries = useQueryClient();
  const waiting = useRef<RowEvent[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const tell = useMemo(() => {
    const send = () => {
      const events = waiting.current.splice(0);
      const ended = queries.getQueryData(meQuery.queryKey)?.kind === 'anonymous';
      if (releaseId === undefined || events.length === 0 || ended) return;
      // Nobody waits for this, and a page that could not tell it is none the worse.
      api.post('/events', { body: { release_id: releaseId, events } }).catch(() => undefined);
    };
    return {
      send,
      add: (event: RowEvent) => {
        waiting.current.push(event);
        clearTimeout(timer.current);
        timer.current = setTimeout(send, GATHERED_FOR);
      },
    };
  }, [queries, releaseId]);

  useEffect(() => () => {
    clearTimeout(timer.current);
    tell.send();
  }, [tell]);
  return tell.add;
}
