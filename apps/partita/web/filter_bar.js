// The text field that filters runs, with suggestions. What is typed goes into the address on Enter,
// and when typing rests.
import { h, patch } from './dom.js';
import { filter_text, parse_filter, suggestions } from './filter.js';
import { fragment, go, replace } from './router.js';

const rest_ms = 400;

export class filter_bar {
  constructor(props) {
    this.element = document.createElement('div');
    this.element.className = 'filter';
    this.text = filter_text(props.fields);
    this.sent = this.text;
    this.choice = -1;
    this.open = false;
    this.update(props);
  }

  update(props) {
    this.props = props;
    const given = filter_text(props.fields);
    // Another address (a link, back): its filter. The one that was typed stays as it was typed.
    if (given !== this.sent) {
      this.text = given;
      this.sent = given;
      if (this.input) this.input.value = given;
    }
    this.draw();
  }

  destroy() {
    this.gone = true;  // a field that is removed loses its focus, and nothing follows from that
    clearTimeout(this.timer);
  }

  get found() {
    if (!this.open) return { list: [] };
    const jobs = this.props.jobs;
    const of_job = jobs.filter((j) => j.name === this.props.fields.job);
    const parameters = (of_job.length ? of_job : jobs)
      .flatMap((j) => (j.parameters || []).map((p) => p.name));
    return suggestions(this.text, this.input?.selectionStart ?? this.text.length,
      { jobs: jobs.map((j) => j.name), parameters: [...new Set(parameters)].slice(0, 40) });
  }

  draw() {
    const { errors } = parse_filter(this.text);
    // What is being typed is not wrong yet while something may still complete it.
    const { list } = this.found;
    patch(this.element, [
      h('label', { class: 'unseen', for: 'filter-field' }, 'Filter of runs'),
      h('input', {
        id: 'filter-field', 'data-testid': 'filter', 'data-filter': true, type: 'text',
        autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', value: this.text,
        placeholder: 'job:screening state:failed since:-24h input:/in/*', role: 'combobox',
        'aria-expanded': String(list.length > 0), 'aria-controls': 'filter-list',
        'aria-autocomplete': 'list', 'aria-describedby': 'filter-error',
        'aria-invalid': errors.length && !this.open ? 'true' : null,
        'aria-activedescendant': this.choice >= 0 ? `filter-option-${this.choice}` : null,
        oninput: (e) => this.typed(e.target), onkeydown: (e) => this.key(e),
        onfocus: () => { this.open = true; this.draw(); },
        onblur: () => { this.open = false; this.choice = -1; this.apply(replace); },
      }),
      list.length > 0 && h('ul', { id: 'filter-list', role: 'listbox', class: 'suggestions',
        'data-testid': 'suggestions' }, list.map((one, i) => h('li', {
        key: one.text, id: `filter-option-${i}`, role: 'option',
        'aria-selected': String(i === this.choice),
        onmousedown: (e) => { e.preventDefault(); this.take(one); },
      }, h('bdi', {}, one.text), h('span', { class: 'quiet' }, one.about)))),
      h('p', { id: 'filter-error', class: 'error-text', 'aria-live': 'polite',
        'data-testid': 'filter-error' }, list.length ? '' : errors[0] || ''),
    ]);
    this.input = this.element.querySelector('input');
  }

  typed(input) {
    this.text = input.value;
    this.choice = -1;
    this.open = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.apply(replace), rest_ms);
    this.draw();
  }

  key(e) {
    const { list } = this.found;
    if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
      if (!list.length) return;
      const n = list.length + 1;
      this.choice = ((this.choice + 1 + (e.key === 'ArrowDown' ? 1 : n - 1)) % n) - 1;
    } else if (e.key === 'Enter' || e.key === 'Tab') {
      if (this.choice >= 0 && list[this.choice]) this.take(list[this.choice]);
      else if (e.key === 'Tab') return;
      else {
        this.open = false;
        this.apply(go);
      }
    } else if (e.key === 'Escape') {
      if (list.length) this.open = false;
      else this.input.blur();
      this.choice = -1;
    } else {
      return;
    }
    e.preventDefault();
    this.draw();
  }

  take(one) {
    const { from, to } = this.found;
    const more = one.text.endsWith(':') ? '' : ' ';
    this.text = this.text.slice(0, from) + one.text + more + this.text.slice(to).trimStart();
    this.input.value = this.text;
    const at = from + one.text.length + more.length;
    this.input.setSelectionRange(at, at);
    this.choice = -1;
    if (more) this.apply(replace);
    this.draw();
  }

  /// Only what is right goes into the address; a sentence says what is not.
  apply(how) {
    clearTimeout(this.timer);
    if (this.gone) return;
    const { fields, errors } = parse_filter(this.text);
    if (!errors.length && filter_text(fields) !== filter_text(this.props.fields)) {
      this.sent = filter_text(fields);
      how(fragment(['runs'], fields));
    }
    if (this.element.isConnected) this.draw();
  }
}
