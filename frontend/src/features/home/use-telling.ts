import { useEffect, useMemo, useRef } from 'react';

import { api } from '@/lib/api';

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
  const waiting = useRef<RowEvent[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const tell = useMemo(() => {
    const send = () => {
      const events = waiting.current.splice(0);
      // Nobody waits for this, and a page that could not tell it is none the worse.
      if (releaseId && events.length) api.post('/events', { body: { release_id: releaseId, events } }).catch(() => undefined);
    };
    return {
      send,
      add: (event: RowEvent) => {
        waiting.current.push(event);
        clearTimeout(timer.current);
        timer.current = setTimeout(send, GATHERED_FOR);
      },
    };
  }, [releaseId]);

  useEffect(() => () => {
    clearTimeout(timer.current);
    tell.send();
  }, [tell]);
  return tell.add;
}
