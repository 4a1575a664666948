import { useState } from 'react';

import { Failure } from '@/components/failure';
import { films } from '@/lib/format';

import { useImport } from './api';
import { ImportPreview } from './import-preview';

/** First a look at what a file holds, then, if the viewer says so, all of it. */
export function ImportRatings() {
  const [file, setFile] = useState<File | null>(null);
  const look = useImport();
  const take = useImport();
  const choose = (chosen: File | undefined) => {
    take.reset();
    look.reset();
    setFile(chosen ?? null);
    if (chosen) look.mutate({ file: chosen, commit: false });
  };
  return (
    <section aria-labelledby="import">
      <h2 id="import" className="text-3xl leading-none">
        Bring your ratings
      </h2>
      <p className="mt-2 mb-4 max-w-prose text-sm text-muted">
        A CSV export of Letterboxd, IMDb, Trakt or MovieLens, or one from here. You see what was understood before anything
        is kept.
      </p>
      <input
        type="file"
        accept=".csv,text/csv"
        aria-label="Export file"
        className="block w-full text-sm file:mr-4 file:rounded-full file:border file:border-solid file:border-edge file:bg-transparent file:px-5 file:py-2 file:font-semibold"
        onChange={(event) => choose(event.target.files?.[0])}
      />
      <div className="mt-5 space-y-5" aria-live="polite">
        {look.isPending && <p className="text-sm text-muted">Reading {file?.name}</p>}
        {look.error && <Failure error={look.error} />}
        {take.error && <Failure error={take.error} />}
        {take.data ? (
          <p className="text-sm">
            <strong>{films(take.data.kept ?? 0)} rated.</strong> Ratings you gave here later than in the file were left as they are.
          </p>
        ) : (
          look.data &&
          file && (
            <ImportPreview found={look.data} busy={take.isPending} onTake={() => take.mutate({ file, commit: true })} />
          )
        )}
      </div>
    </section>
  );
}
