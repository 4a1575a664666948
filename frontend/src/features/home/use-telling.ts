import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useRef } from 'react';

import { api } from '@/lib/api';
import type { EventIn } from '@/lib/api-types';
import { meQuery } from '@/lib/me';

const GATHERED_FOR = 1_000;

/** Tells the server which rows were seen and which films in them were opened, a second's worth at a time. */
export function useTelling(releaseId: string | undefined) {
  const queries = useQueryClient();
  const waiting = useRef<EventIn[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const tell = useMemo(() => {
    const send = () => {
      const events = waiting.current.splice(0);
      const ended = queries.getQueryData(meQuery.queryKey)?.kind === 'anonymous';
      if (releaseId === undefined || events.length === 0 || ended) return;
      // Nobody waits for this; where it fails, the page goes on as before.
      api.post('/events', { body: { release_id: releaseId, events } }).catch(() => undefined);
    };
    return {
      send,
      add: (event: EventIn) => {
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
