import { State } from "@/shared/ui/states";

export default function TwinPage() {
  return (
    <div className="page">
      <h1>Digital Twin</h1>
      <State icon="fork" title="Being wired" />
    </div>
  );
}
