import { createContext, type ReactNode, useCallback, useContext, useEffect, useState } from 'react';

const SHOWN_FOR = 7_000;

interface Notice {
  text: string;
  undo?: () => void;
}

const Announce = createContext<(notice: Notice) => void>(() => undefined);

/** Gives the way to tell the viewer what just happened, in one line at the foot of the page. */
export const useAnnounce = () => useContext(Announce);

export function NoticeBoard({ children }: { children: ReactNode }) {
  const [notice, setNotice] = useState<Notice | null>(null);
  const announce = useCallback((next: Notice) => setNotice(next), []);
  useEffect(() => {
    if (notice === null) return;
    const timer = setTimeout(() => setNotice(null), SHOWN_FOR);
    return () => clearTimeout(timer);
  }, [notice]);
  return (
    <Announce value={announce}>
      {children}
      <div role="status" className="pointer-events-none fixed inset-x-0 bottom-4 z-20 flex justify-center px-4">
        {notice && (
          <p className="pointer-events-auto flex items-center gap-4 rounded-full bg-text px-5 py-2.5 text-sm text-ground shadow-lg">
            {notice.text}
            {notice.undo && (
              <button
                type="button"
                className="font-semibold underline underline-offset-4"
                onClick={() => {
                  notice.undo?.();
                  setNotice(null);
                }}
              >
                Undo
              </button>
            )}
          </p>
        )}
      </div>
    </Announce>
  );
}
