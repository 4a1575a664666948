import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { STAGE_NAMES } from './stage-names';

/** The one task of the DAG that is no stage of dvc.yaml. */
const SNAPSHOT = 'feedback_snapshot';

test('every stage of the pipeline has a name, and nothing else has one', () => {
  const pipeline = readFileSync('../dvc.yaml', 'utf8');
  const stages = [...pipeline.matchAll(/^ {2}(\w+):$/gm)].map(([, name]) => name);
  expect(stages).toHaveLength(8);
  expect(Object.keys(STAGE_NAMES).toSorted()).toEqual([SNAPSHOT, ...stages].toSorted());
});
