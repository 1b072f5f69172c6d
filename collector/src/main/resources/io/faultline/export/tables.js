// Tables with a filter, an order and pages.
const PAGE_ROWS = 20;
const BARE_ROWS = 8; // a table that small needs no filter and no pages

/**
 * A table that is sorted by its heads, filtered by text, and paged. Columns: name, show(row) as text or element, and
 * for sorting key(row) as a number; without one the text sorts. choices narrow the rows down.
 */
function table(section, settings) {
  const { count, columns, choices, onPick } = settings;
  if (count === 0) return;
  section.hidden = false;
  let sort = settings.sort;
  let isDown = true;
  let page = 0;
  let rows = [];
  const words = []; // of each row, made when first asked for
  const filter = make('input', { type: 'search', placeholder: 'Filter', ariaLabel: 'Filter' });
  const choice = make('select', { ariaLabel: 'Which' });
  for (const [label] of choices || []) choice.append(make('option', { textContent: label }));
  const bar = make('div', { className: 'bar' }, filter, choices ? choice : null);
  const head = make('tr', {});
  const body = make('tbody', {});
  const found = make('span', { className: 'meta' });
  const previous = button('Previous', () => { page--; show(); });
  const next = button('Next', () => { page++; show(); });
  const pages = make('div', { className: 'bar' }, previous, next, found);
  if (count > BARE_ROWS) section.append(bar);
  section.append(make('div', { className: 'scroll' }, make('table', {}, make('thead', {}, head), body)), pages);

  columns.forEach((column, i) => {
    const name = button(column.name, () => {
      isDown = sort === i ? !isDown : Boolean(column.key);
      sort = i;
      select();
    });
    head.append(make('th', { scope: 'col', className: column.key ? 'num' : '' }, name));
  });

  function wordsOf(row) {
    if (words[row] === undefined) {
      words[row] = columns.filter((column) => !column.key).map((column) => column.text(row)).join(' ').toLowerCase();
    }
    return words[row];
  }

  function select() {
    const wanted = filter.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const isChosen = choices ? choices[choice.selectedIndex][1] : () => true;
    rows = [];
    for (let row = 0; row < count; row++) {
      if (isChosen(row) && (wanted.length === 0 || wanted.every((word) => wordsOf(row).includes(word)))) rows.push(row);
    }
    const column = columns[sort]; // none: as they come
    if (column && column.key) {
      const keys = new Float64Array(count);
      for (const row of rows) keys[row] = column.key(row);
      rows.sort((a, b) => keys[a] - keys[b] || a - b);
    } else if (column) {
      const keys = new Map(rows.map((row) => [row, column.text(row)]));
      rows.sort((a, b) => (keys.get(a) < keys.get(b) ? -1 : keys.get(a) > keys.get(b) ? 1 : a - b));
    }
    if (column && isDown) rows.reverse();
    page = 0;
    show();
  }

  function show() {
    [...head.children].forEach((cell, i) => {
      if (i === sort) cell.setAttribute('aria-sort', isDown ? 'descending' : 'ascending');
      else cell.removeAttribute('aria-sort');
      cell.firstChild.textContent = columns[i].name + (i === sort ? (isDown ? ' \u2193' : ' \u2191') : '');
    });
    const from = page * PAGE_ROWS;
    const shown = rows.slice(from, from + PAGE_ROWS);
    body.replaceChildren(...shown.map((row) => {
      const line = make('tr', { className: onPick ? 'can' : '' }, ...columns.map((column) => {
        const cell = make('td', { className: (column.key ? 'num' : '') + (column.isLong ? 'long' : '') });
        cell.append(column.show ? column.show(row) : column.text(row));
        return cell;
      }));
      if (onPick) {
        line.tabIndex = 0;
        line.addEventListener('click', () => onPick(row));
        line.addEventListener('keydown', (event) => { if (event.key === 'Enter') onPick(row); });
      }
      return line;
    }));
    found.textContent = rows.length === 0 ? 'Nothing matches.'
      : number(from + 1) + ' to ' + number(from + shown.length) + ' of ' + number(rows.length);
    previous.disabled = page === 0;
    next.disabled = from + PAGE_ROWS >= rows.length;
    pages.hidden = count <= BARE_ROWS;
  }

  let pending = 0;
  filter.addEventListener('input', () => { clearTimeout(pending); pending = setTimeout(select, 120); });
  choice.addEventListener('change', select);
  select();
}

const column = (name, text, isLong) => ({ name, text, isLong });
const numbers = (name, key, format) => ({ name, key, text: (row) => (format || number)(key(row)) });
