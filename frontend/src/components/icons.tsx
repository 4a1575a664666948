/** The page's few drawings; all decoration beside words. */
import type { ReactNode } from 'react';

function Icon({ children }: { children: ReactNode }) {
  return (
    <svg
      viewBox="0 0 24 24"
      className="size-5 shrink-0"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

export const SearchIcon = () => (
  <Icon>
    <circle cx="10.5" cy="10.5" r="6.5" />
    <path d="m15.5 15.5 5 5" />
  </Icon>
);

export const BookmarkIcon = ({ filled }: { filled: boolean }) => (
  <Icon>
    <path d="M6.5 4h11v16.5L12 16.2l-5.5 4.3z" fill={filled ? 'currentColor' : 'none'} />
  </Icon>
);

export const DismissIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="8.5" />
    <path d="m6 18 12-12" />
  </Icon>
);

export const PersonIcon = () => (
  <Icon>
    <circle cx="12" cy="8" r="4" />
    <path d="M4 20.5c1-4.5 4-6 8-6s7 1.5 8 6" />
  </Icon>
);

export const ArrowIcon = ({ back = false }: { back?: boolean }) => (
  <Icon>
    <path d={back ? 'm14.5 5-7 7 7 7' : 'm9.5 5 7 7-7 7'} />
  </Icon>
);

/** The genie's lamp is a projector's: three dye strips of light leave it. */
export function Mark() {
  return (
    <svg viewBox="0 0 40 32" className="h-8 w-10 shrink-0" aria-hidden="true">
      <path d="M17 13 40 0v8z" fill="#f2b93b" />
      <path d="M17 14.5 40 10v8z" fill="#d6486a" />
      <path d="M17 16 40 20v8z" fill="#2c93a0" />
      <path d="M3 11.5C3 7 7 5 10.5 5S18 8 18 14.5c0 6-4 9.5-8 9.5h-3c-3 0-4-2-4-4z" fill="currentColor" />
      <rect x="1" y="26.5" width="18" height="4" rx="2" fill="currentColor" />
    </svg>
  );
}
