// Short confirmations in a corner, read out politely. They say what happened and leave by themselves.
import { createContext, use, useCallback, useMemo, useState, type ReactNode } from "react";
import { Icon } from "./icons";
import "./toasts.css";

interface Toast {
  id: number;
  text: string;
}

const ToastContext = createContext<(text: string) => void>(() => undefined);
const STAY_MS = 5000;

export const useToast = () => use(ToastContext);

let numbers = 0;

export function Toasts({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<Toast[]>([]);
  const tell = useCallback((text: string) => {
    const id = ++numbers;
    setToasts((shown) => [...shown.slice(-2), { id, text }]);
    setTimeout(() => setToasts((shown) => shown.filter((one) => one.id !== id)), STAY_MS);
  }, []);
  const list = useMemo(
    () =>
      toasts.map((toast) => (
        <div key={toast.id} className="toast">
          <Icon name="check" size={18} />
          {toast.text}
        </div>
      )),
    [toasts],
  );
  return (
    <ToastContext value={tell}>
      {children}
      <div className="toasts" role="status" aria-live="polite">
        {list}
      </div>
    </ToastContext>
  );
}
