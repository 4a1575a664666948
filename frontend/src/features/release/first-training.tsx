import { Page } from '@/components/page';

import { Stages } from './stages';

/** Shown until there is a release to serve. */
export function FirstTraining() {
  return (
    <Page title="First training">
      <section className="mx-auto grid max-w-3xl items-center gap-10 py-10 sm:grid-cols-[auto_1fr] sm:py-20">
        <svg viewBox="0 0 200 200" className="mx-auto w-44 text-text" aria-hidden="true">
          <circle cx="100" cy="100" r="92" fill="none" stroke="currentColor" strokeWidth="3" />
          <circle cx="100" cy="100" r="70" fill="none" stroke="currentColor" strokeWidth="1.5" />
          <path d="M100 0v200M0 100h200" stroke="currentColor" strokeWidth="1.5" />
          <g className="origin-center animate-[spin_4s_linear_infinite]">
            <path d="M100 100V8A92 92 0 0 1 192 100z" fill="var(--star)" opacity=".55" />
          </g>
        </svg>
        <div>
          <h1 className="text-5xl leading-none">The first training is under way</h1>
          <p className="mt-4 max-w-prose text-muted">
            There is no release to recommend from yet. This page looks again every few seconds and opens by itself.
          </p>
          <Stages />
        </div>
      </section>
    </Page>
  );
}
