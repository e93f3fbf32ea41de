// A transcript whose words light up while they are said.

export class Transcript {
  // `place` is the element to fill, `names` who speaks on which channel, `seek` is called with a time in seconds.
  constructor(place, words, names, seek) {
    this.words = [...words].sort((one, other) => one.start_time - other.start_time);
    this.place = place;
    this.seek = seek;
    // Two may speak at once. Behind this time nothing that began earlier is still being said.
    this.latestEnd = [];
    for (const word of this.words) {
      this.latestEnd.push(Math.max(word.end_time, this.latestEnd.at(-1) ?? 0));
    }
    this.lit = [];
    this.spans = this.fill(names);
    this.reachable = 0;
    this.reach(0);
    place.onclick = (event) => this.play(this.spans.indexOf(event.target));
    place.onkeydown = (event) => this.press(event);
  }

  fill(names) {
    this.place.replaceChildren();
    let line, channel;
    return this.words.map((word, index) => {
      if (!line || word.channel !== channel) {
        channel = word.channel;
        line = document.createElement("p");
        line.dataset.channel = channel;
        const speaker = document.createElement("b");
        speaker.textContent = names[channel] ?? channel;
        line.append(speaker);
        this.place.append(line);
      }
      const span = document.createElement("span");
      span.className = "word";
      span.role = "button";
      span.tabIndex = -1;
      span.textContent = word.word;
      span.dataset.index = index;
      line.append(span, " ");
      return span;
    });
  }

  // Which words are being said at a time: all the ones that have begun and not ended.
  at(time) {
    let low = 0, high = this.words.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.words[middle].start_time <= time) low = middle + 1;
      else high = middle;
    }
    const said = [];
    for (let index = low - 1; index >= 0 && this.latestEnd[index] > time; index--) {
      if (this.words[index].end_time > time) said.unshift(index);
    }
    return said;
  }

  light(time) {
    const said = this.at(time);
    if (said.join() === this.lit.join()) return;
    for (const index of this.lit) this.spans[index].classList.remove("lit");
    for (const index of said) this.spans[index].classList.add("lit");
    this.lit = said;
    if (said.length) this.show(this.spans[said[0]]);
  }

  // Scrolls the transcript alone: the page stays where its reader has it.
  show(span) {
    const inside = this.place.getBoundingClientRect(), word = span.getBoundingClientRect();
    if (word.top < inside.top || word.bottom > inside.bottom) {
      this.place.scrollTop += word.top - inside.top - inside.height / 3;
    }
  }

  // One word at a time is a stop of the Tab key, and arrows go from word to word.
  reach(index) {
    if (!this.spans[index]) return;
    this.spans[this.reachable].tabIndex = -1;
    this.spans[index].tabIndex = 0;
    this.reachable = index;
  }

  play(index) {
    if (!this.spans[index]) return;
    this.reach(index);
    this.seek(this.words[index].start_time);
  }

  press(event) {
    const index = this.spans.indexOf(event.target);
    const to = { ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: this.spans.length - 1 }[event.key];
    if (index < 0 || (to === undefined && event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    if (to === undefined) return this.play(index);
    this.reach(to);
    this.spans[to]?.focus();
  }
}
