export function Footer() {
  return (
    <footer className="mt-10 border-t border-line">
      <div className="mx-auto grid max-w-7xl gap-x-12 gap-y-3 px-4 py-8 text-xs leading-relaxed text-muted sm:px-6 md:grid-cols-2">
        <p>
          This product uses the TMDB API but is not endorsed or certified by{' '}
          <a className="underline" href="https://www.themoviedb.org/">
            TMDB
          </a>
          .
        </p>
        <p>
          Ratings from{' '}
          <a className="underline" href="https://grouplens.org/datasets/movielens/">
            MovieLens
          </a>
          : F. Maxwell Harper and Joseph A. Konstan. 2015. The MovieLens Datasets: History and Context. ACM Transactions on
          Interactive Intelligent Systems 5, 4: 19:1–19:19.{' '}
          <a className="underline" href="https://doi.org/10.1145/2827872">
            doi.org/10.1145/2827872
          </a>
        </p>
      </div>
    </footer>
  );
}
