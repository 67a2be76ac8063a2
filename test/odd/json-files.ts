// Small JSON files in json-server's form, each odd in one way.

/** A file by its name: its text. */
export interface OddJson {
  readonly name: string
  readonly text: string
}

const posts = (count: number, rest: (i: number) => object): string =>
  JSON.stringify({ posts: Array.from({ length: count }, (_, i) => ({ id: i + 1, ...rest(i) })) }, null, 2)

export const jsonFiles: readonly OddJson[] = [
  { name: 'plain', text: posts(30, i => ({ title: `t${i % 7}`, n: i })) },
  { name: 'absent members', text: posts(30, i => (i % 2 ? { title: 'x' } : { views: i })) },
  { name: 'long numbers', text: `{"posts":[{"id":1,"n":9007199254740993,"t":"a"},{"id":2,"n":1,"t":"b"}]}` },
  {
    name: 'long numbers as ids',
    text: `{"posts":[{"id":9007199254740993,"t":"a"},{"id":9007199254740995,"t":"b"},{"id":3,"t":"c"}]}`,
  },
  {
    name: 'numbers in other spellings',
    text: `{"posts":[{"id":1,"n":1.50,"m":1e3,"t":"a"},{"id":2,"n":2.0,"m":-0,"t":"b"}]}`,
  },
  { name: 'values of all types', text: posts(12, i => ({ v: [1, 'a', null, true, { a: 1 }, [1]][i % 6], t: 'x' })) },
  { name: 'byte order mark', text: `\u{FEFF}{"posts":[{"id":1,"t":"a"}]}` },
  {
    name: 'members that differ by case',
    text: `{"posts":[{"id":1,"a":1,"A":2,"t":"x"},{"id":2,"a":1,"A":3,"t":"y"}]}`,
  },
  { name: 'a member without a name', text: `{"posts":[{"id":1,"":1,"t":"a"}],"more":[{"id":1,"t":"b"}]}` },
  { name: 'a list without a name', text: `{"":[{"id":1,"t":"a"}],"more":[{"id":1,"t":"b"}]}` },
  {
    name: 'odd ids',
    text: `{"posts":[{"id":"","t":"e"},{"id":"%2E","t":"f"},{"id":"%","t":"g"},{"id":".","t":"a"},{"id":"..","t":"b"},{"id":"a/b","t":"c"},{"id":"~","t":"d"}]}`,
  },
  {
    name: 'ids as numbers and as text',
    text: `{"posts":[{"id":1,"t":"a"},{"id":"x","t":"b"}],"more":[{"id":1,"t":"b"}]}`,
  },
  {
    name: 'relations to odd ids',
    text: `{"tags":[{"id":".","t":"a"},{"id":"..","t":"b"},{"id":"","t":"c"}],"posts":[{"id":"x","tagId":".","t":"d"},{"id":"y","tagId":"","t":"e"}]}`,
  },
  {
    name: 'related lists',
    text: `{"posts":[{"id":1,"title":"a"},{"id":2,"title":"b"}],"comments":[{"id":1,"body":"x","postId":1},{"id":2,"body":"y","postId":2}]}`,
  },
  { name: 'a single object', text: `{"profile":{"name":"typicode"},"posts":[{"id":1,"t":"a"}]}` },
  { name: 'names beyond ASCII', text: `{"größe":[{"id":1,"höhe":2,"t":"x"}]}` },
  {
    name: 'broken text',
    text: `{"posts":[{"id":1,"t":"a\\u0000b","u":"x"},{"id":2,"t":"\\ud800","u":"y"},{"id":3,"t":"z","u":"z"}]}`,
  },
  {
    name: 'names that JavaScript knows',
    text: `{"posts":[{"id":1,"__proto__":{"a":1},"constructor":"x","t":"a"}],"toString":[{"id":1,"t":"x"}]}`,
  },
  { name: 'dates', text: posts(12, i => ({ at: new Date(i * 1e10).toISOString(), t: 'x' })) },
]
