// Listeners by key: a change of one key calls the listeners of that key alone.
export class Emitter<K> {
  private readonly listeners = new Map<K, Set<() => void>>();

  on(key: K, call: () => void): () => void {
    let of = this.listeners.get(key);
    if (!of) {
      of = new Set();
      this.listeners.set(key, of);
    }
    of.add(call);
    return () => {
      of.delete(call);
      if (of.size === 0 && this.listeners.get(key) === of) this.listeners.delete(key);
    };
  }
  emit(key: K) {
    for (const call of [...(this.listeners.get(key) ?? [])]) call();
  }
}
