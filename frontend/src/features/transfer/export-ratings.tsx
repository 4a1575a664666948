export function ExportRatings() {
  return (
    <section aria-labelledby="export">
      <h2 id="export" className="text-3xl leading-none">
        Take your ratings with you
      </h2>
      <p className="mt-2 mb-4 max-w-prose text-sm text-muted">
        The table can be brought back here; the full file holds all that is kept of you.
      </p>
      <p className="flex flex-wrap gap-3">
        <a className="button" href="/api/me/export?format=csv" download>
          Ratings as a table (CSV)
        </a>
        <a className="button" href="/api/me/export?format=json" download>
          Everything (JSON)
        </a>
      </p>
    </section>
  );
}
