// An amount of money with its decimals set quieter than the whole.
import { useFormat } from "@/shared/format";

export function Money({ amount, currency, className = "" }: { amount: number; currency: string; className?: string }) {
  const format = useFormat();
  return (
    <span className={className}>
      {format.moneyParts(amount, currency).map((part, index) => (
        <span key={index} className={part.minor ? "minor" : undefined}>
          {part.text}
        </span>
      ))}
    </span>
  );
}
