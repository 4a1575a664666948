import { useQuery } from '@tanstack/react-query';

import { api } from '@/lib/api';
import type { Progress, StageProgress } from '@/lib/api-types';

import { STAGE_NAMES } from './stage-names';

const ASK_AGAIN_MS = 5_000;

const STATES: Record<StageProgress['state'], { word: string; sign: string; look: string }> = {
  done: { word: 'done', sign: '✓', look: 'text-text' },
  running: { word: 'under way', sign: '▸', look: 'font-semibold text-accent' },
  waiting: { word: 'waiting', sign: '·', look: 'text-muted' },
  failed: { word: 'failed', sign: '✕', look: 'font-semibold text-text' },
};

const order = Object.keys(STAGE_NAMES);
const place = ({ stage }: StageProgress) => (order.includes(stage) ? order.indexOf(stage) : order.length);

/** How far each stage is; nothing where the server cannot tell. */
export function Stages() {
  const { data } = useQuery({
    queryKey: ['progress'],
    queryFn: ({ signal }) => api.get<Progress>('/progress', { signal }),
    refetchInterval: ASK_AGAIN_MS,
  });
  const stages = (data?.stages ?? []).toSorted((a, b) => place(a) - place(b));
  if (stages.length === 0) return null;
  const done = stages.filter(({ state }) => state === 'done').length;
  const failed = stages.some(({ state }) => state === 'failed');
  return (
    <>
      <ol aria-label="Stages" className="mt-6 space-y-1 text-sm">
        {stages.map(({ stage, state }) => {
          const { word, sign, look } = STATES[state];
          return (
            <li key={stage} className={`flex gap-3 ${look}`}>
              <span aria-hidden="true" className="w-4 text-center">
                {sign}
              </span>
              <span className="grow">{STAGE_NAMES[stage] ?? stage}</span>
              <span>{word}</span>
            </li>
          );
        })}
      </ol>
      <p role="status" className="mt-4 text-sm text-muted">
        {failed ? 'A stage failed. Who runs this server finds the reason in Airflow.' : `${done} of ${stages.length} stages done`}
      </p>
    </>
  );
}
