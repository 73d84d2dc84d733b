//! Pieces of code: whole ones for well-known tasks, templates for the rest.

use super::super::words::Program::{self, Bash, C, Cpp, Go, Html, Java, JavaScript, Python, Rust, Sql, TypeScript};

/// Language, the beginning of the word that names the task, and the code.
pub(super) const KNOWN: &[(Program, &str, &str)] = &[
    (
        Python,
        "fibonacci",
        "def fibonacci(n: int) -> int:\n    \"\"\"Return the n-th Fibonacci number, counting from 0.\"\"\"\n    if n < 0:\n        raise ValueError(\"n must not be negative\")\n    a, b = 0, 1\n    for _ in range(n):\n        a, b = b, a + b\n    return a\n\n\nprint([fibonacci(i) for i in range(10)])",
    ),
    (
        Python,
        "factorial",
        "def factorial(n: int) -> int:\n    \"\"\"Return n! for n >= 0.\"\"\"\n    if n < 0:\n        raise ValueError(\"n must not be negative\")\n    result = 1\n    for i in range(2, n + 1):\n        result *= i\n    return result\n\n\nprint(factorial(5))  # 120",
    ),
    (
        Python,
        "prime",
        "def is_prime(n: int) -> bool:\n    \"\"\"Return True if n is a prime number.\"\"\"\n    if n < 2:\n        return False\n    if n % 2 == 0:\n        return n == 2\n    divisor = 3\n    while divisor * divisor <= n:\n        if n % divisor == 0:\n            return False\n        divisor += 2\n    return True\n\n\nprint([n for n in range(30) if is_prime(n)])",
    ),
    (
        Python,
        "palindrome",
        "def is_palindrome(text: str) -> bool:\n    \"\"\"Return True if text reads the same in both directions.\"\"\"\n    letters = [c.lower() for c in text if c.isalnum()]\n    return letters == letters[::-1]\n\n\nprint(is_palindrome(\"Never odd or even\"))  # True",
    ),
    (
        Python,
        "linked",
        "class Node:\n    def __init__(self, value, next=None):\n        self.value = value\n        self.next = next\n\n\ndef reverse_linked_list(head):\n    \"\"\"Reverse the list in place and return its new head.\"\"\"\n    previous = None\n    current = head\n    while current is not None:\n        current.next, previous, current = previous, current, current.next\n    return previous",
    ),
    (
        Python,
        "hello",
        "def main() -> None:\n    print(\"Hello, world!\")\n\n\nif __name__ == \"__main__\":\n    main()",
    ),
    (
        Python,
        "fizzbuzz",
        "for n in range(1, 101):\n    word = \"Fizz\" * (n % 3 == 0) + \"Buzz\" * (n % 5 == 0)\n    print(word or n)",
    ),
    (
        Python,
        "sort",
        "def sort_items(items, key=None, reverse=False):\n    \"\"\"Return a sorted copy of items (merge sort, stable).\"\"\"\n    key = key or (lambda item: item)\n    if len(items) < 2:\n        return list(items)\n    middle = len(items) // 2\n    left = sort_items(items[:middle], key)\n    right = sort_items(items[middle:], key)\n    merged = []\n    while left and right:\n        source = right if key(right[0]) < key(left[0]) else left\n        merged.append(source.pop(0))\n    merged += left + right\n    return merged[::-1] if reverse else merged",
    ),
    (
        JavaScript,
        "fibonacci",
        "function fibonacci(n) {\n  let [a, b] = [0, 1];\n  for (let i = 0; i < n; i++) {\n    [a, b] = [b, a + b];\n  }\n  return a;\n}\n\nconsole.log(Array.from({ length: 10 }, (_, i) => fibonacci(i)));",
    ),
    (JavaScript, "hello", "console.log(\"Hello, world!\");"),
    (
        JavaScript,
        "palindrome",
        "function isPalindrome(text) {\n  const letters = text.toLowerCase().replace(/[^a-z0-9]/g, \"\");\n  return letters === [...letters].reverse().join(\"\");\n}\n\nconsole.log(isPalindrome(\"Never odd or even\")); // true",
    ),
    (
        JavaScript,
        "debounce",
        "function debounce(callback, delayMs = 250) {\n  let timer;\n  return (...args) => {\n    clearTimeout(timer);\n    timer = setTimeout(() => callback(...args), delayMs);\n  };\n}",
    ),
    (
        TypeScript,
        "debounce",
        "function debounce<A extends unknown[]>(callback: (...args: A) => void, delayMs = 250) {\n  let timer: ReturnType<typeof setTimeout> | undefined;\n  return (...args: A): void => {\n    clearTimeout(timer);\n    timer = setTimeout(() => callback(...args), delayMs);\n  };\n}",
    ),
    (TypeScript, "hello", "const greeting: string = \"Hello, world!\";\nconsole.log(greeting);"),
    (
        Rust,
        "fibonacci",
        "fn fibonacci(n: u32) -> u64 {\n    let (mut a, mut b) = (0, 1);\n    for _ in 0..n {\n        (a, b) = (b, a + b);\n    }\n    a\n}\n\nfn main() {\n    let numbers: Vec<u64> = (0..10).map(fibonacci).collect();\n    println!(\"{numbers:?}\");\n}",
    ),
    (Rust, "hello", "fn main() {\n    println!(\"Hello, world!\");\n}"),
    (
        Rust,
        "prime",
        "fn is_prime(n: u64) -> bool {\n    n >= 2 && (2..).take_while(|d| d * d <= n).all(|d| n % d != 0)\n}\n\nfn main() {\n    let primes: Vec<u64> = (0..30).filter(|&n| is_prime(n)).collect();\n    println!(\"{primes:?}\");\n}",
    ),
    (Go, "hello", "package main\n\nimport \"fmt\"\n\nfunc main() {\n\tfmt.Println(\"Hello, world!\")\n}"),
    (
        Go,
        "fibonacci",
        "package main\n\nimport \"fmt\"\n\nfunc fibonacci(n int) int {\n\ta, b := 0, 1\n\tfor i := 0; i < n; i++ {\n\t\ta, b = b, a+b\n\t}\n\treturn a\n}\n\nfunc main() {\n\tfor i := 0; i < 10; i++ {\n\t\tfmt.Println(fibonacci(i))\n\t}\n}",
    ),
    (
        Java,
        "hello",
        "public class Main {\n    public static void main(String[] args) {\n        System.out.println(\"Hello, world!\");\n    }\n}",
    ),
    (C, "hello", "#include <stdio.h>\n\nint main(void) {\n    printf(\"Hello, world!\\n\");\n    return 0;\n}"),
    (Cpp, "hello", "#include <iostream>\n\nint main() {\n    std::cout << \"Hello, world!\\n\";\n}"),
    (Bash, "hello", "#!/usr/bin/env bash\nset -euo pipefail\n\necho \"Hello, world!\""),
    (
        Sql,
        "customer",
        "SELECT\n    c.id,\n    c.name,\n    SUM(o.amount) AS revenue\nFROM customers AS c\nJOIN orders AS o ON o.customer_id = c.id\nGROUP BY c.id, c.name\nORDER BY revenue DESC\nLIMIT 10;",
    ),
];

/// Templates for everything else; see `write_template` for the slots.
pub(super) const GENERIC: &[(Program, &str)] = &[
    (
        Python,
        "def $s(items):\n    \"\"\"Handle `$t` for a list of items.\"\"\"\n    if not items:\n        return []\n\n    result = []\n    for $i in items:\n        if $i is None:\n            continue\n        result.append($i)\n    return result\n\n\nif __name__ == \"__main__\":\n    print($s([3, None, 1, 2]))",
    ),
    (
        Python,
        "from dataclasses import dataclass, field\n\n\n@dataclass\nclass $P:\n    \"\"\"Everything needed to $t.\"\"\"\n\n    items: list = field(default_factory=list)\n\n    def add(self, $i) -> None:\n        self.items.append($i)\n\n    def run(self) -> list:\n        return [$i for $i in self.items if $i is not None]\n\n\ndef $s(items):\n    job = $P()\n    for $i in items:\n        job.add($i)\n    return job.run()",
    ),
    (
        JavaScript,
        "/**\n * $t\n * @param {Array} items\n * @returns {Array}\n */\nfunction $c(items) {\n  if (!Array.isArray(items)) {\n    throw new TypeError(\"items must be an array\");\n  }\n  return items\n    .filter(($i) => $i != null)\n    .map(($i, index) => ({ index, value: $i }));\n}\n\nconsole.log($c([\"a\", null, \"b\"]));",
    ),
    (
        JavaScript,
        "async function $c(url, { retries = 3 } = {}) {\n  for (let attempt = 1; attempt <= retries; attempt++) {\n    const response = await fetch(url);\n    if (response.ok) {\n      return response.json();\n    }\n  }\n  throw new Error(`$c failed after ${retries} attempts`);\n}",
    ),
    (
        TypeScript,
        "interface $P {\n  id: number;\n  value: string;\n}\n\nexport function $c(items: readonly $P[]): $P[] {\n  const seen = new Set<number>();\n  return items.filter(($i) => {\n    if (seen.has($i.id)) return false;\n    seen.add($i.id);\n    return true;\n  });\n}",
    ),
    (
        Rust,
        "/// $t\npub fn $s<T: Clone>(items: &[Option<T>]) -> Vec<T> {\n    items.iter().flatten().cloned().collect()\n}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn skips_what_is_missing() {\n        assert_eq!($s(&[Some(1), None, Some(2)]), vec![1, 2]);\n    }\n}",
    ),
    (
        Rust,
        "use std::collections::HashMap;\n\n/// $t\n#[derive(Debug, Default)]\npub struct $P {\n    entries: HashMap<String, u64>,\n}\n\nimpl $P {\n    pub fn add(&mut self, $i: &str) {\n        *self.entries.entry($i.to_owned()).or_insert(0) += 1;\n    }\n\n    pub fn count(&self, $i: &str) -> u64 {\n        self.entries.get($i).copied().unwrap_or(0)\n    }\n}",
    ),
    (
        Go,
        "package main\n\nimport (\n\t\"errors\"\n\t\"fmt\"\n)\n\n// $c handles items and skips empty ones.\nfunc $c(items []string) ([]string, error) {\n\tif len(items) == 0 {\n\t\treturn nil, errors.New(\"no items given\")\n\t}\n\tresult := make([]string, 0, len(items))\n\tfor _, $i := range items {\n\t\tif $i == \"\" {\n\t\t\tcontinue\n\t\t}\n\t\tresult = append(result, $i)\n\t}\n\treturn result, nil\n}\n\nfunc main() {\n\tresult, err := $c([]string{\"a\", \"\", \"b\"})\n\tfmt.Println(result, err)\n}",
    ),
    (
        Java,
        "import java.util.List;\nimport java.util.Objects;\n\npublic final class $P {\n\n    private $P() {}\n\n    public static <T> List<T> $c(List<T> items) {\n        return items.stream()\n                .filter(Objects::nonNull)\n                .distinct()\n                .toList();\n    }\n\n    public static void main(String[] args) {\n        System.out.println($c(List.of(3, 1, 3)));\n    }\n}",
    ),
    (
        C,
        "#include <stddef.h>\n#include <stdio.h>\n\n/* $t: returns the number of values kept. */\nsize_t $s(int *values, size_t count) {\n    size_t kept = 0;\n    for (size_t i = 0; i < count; i++) {\n        if (values[i] != 0) {\n            values[kept++] = values[i];\n        }\n    }\n    return kept;\n}\n\nint main(void) {\n    int values[] = {3, 0, 1, 2};\n    printf(\"%zu\\n\", $s(values, 4));\n    return 0;\n}",
    ),
    (
        Cpp,
        "#include <algorithm>\n#include <iostream>\n#include <vector>\n\n// $t\nstd::vector<int> $s(std::vector<int> values) {\n    std::sort(values.begin(), values.end());\n    values.erase(std::unique(values.begin(), values.end()), values.end());\n    return values;\n}\n\nint main() {\n    for (int value : $s({3, 1, 3, 2})) {\n        std::cout << value << '\\n';\n    }\n}",
    ),
    (
        Sql,
        "SELECT\n    t.category,\n    COUNT(*) AS total,\n    AVG(t.amount) AS average_amount\nFROM $i AS t\nWHERE t.created_at >= CURRENT_DATE - INTERVAL '30 days'\nGROUP BY t.category\nHAVING COUNT(*) > 1\nORDER BY total DESC;",
    ),
    (
        Bash,
        "#!/usr/bin/env bash\n# $t\nset -euo pipefail\n\ndirectory=\"${1:-.}\"\n\nfind \"$directory\" -type f -print0 | while IFS= read -r -d '' $i; do\n    printf '%s\\t%s\\n' \"$(wc -c < \"$$i\")\" \"$$i\"\ndone | sort -nr | head -n 20",
    ),
    (
        Html,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n  <meta charset=\"utf-8\">\n  <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n  <title>$P</title>\n  <style>\n    body { font-family: system-ui, sans-serif; margin: 2rem auto; max-width: 40rem; }\n  </style>\n</head>\n<body>\n  <header>\n    <h1>$t</h1>\n  </header>\n  <main>\n    <p>Everything about $t starts here.</p>\n    <a href=\"#more\">Read more</a>\n  </main>\n</body>\n</html>",
    ),
];
