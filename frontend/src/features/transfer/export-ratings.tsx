export function ExportRatings() {
  return (
    <section aria-labelledby="export">
      <h2 id="export" className="text-3xl leading-none">
        Take your ratings with you
      </h2>
      <p className="mt-2 mb-4 text-sm text-muted">All of them in one file.</p>
      <a className="button" href="/api/me/export" download>
        Export
      </a>
    </section>
  );
}
