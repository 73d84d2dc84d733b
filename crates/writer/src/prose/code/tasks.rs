//! Functions for small tasks that are asked for in more than one word: "reverse a string".

use super::super::words::Program::{self, Go, Java, JavaScript, Python, Rust};

/// Language, the beginnings of the words that together name the task, and the code.
pub(super) const TASKS: &[(Program, &[&str], &str)] = &[
    (
        Python,
        &["revers", "string"],
        "def reverse_string(text: str) -> str:\n    \"\"\"Return text with its characters in reverse order.\"\"\"\n    return text[::-1]\n\n\nprint(reverse_string(\"hello\"))  # olleh",
    ),
    (
        JavaScript,
        &["revers", "string"],
        "function reverseString(text) {\n  return [...text].reverse().join(\"\");\n}\n\nconsole.log(reverseString(\"hello\")); // olleh",
    ),
    (
        Rust,
        &["revers", "string"],
        "fn reverse_string(text: &str) -> String {\n    text.chars().rev().collect()\n}\n\nfn main() {\n    println!(\"{}\", reverse_string(\"hello\")); // olleh\n}",
    ),
    (
        Go,
        &["revers", "string"],
        "package main\n\nimport \"fmt\"\n\nfunc reverseString(text string) string {\n\trunes := []rune(text)\n\tfor i, j := 0, len(runes)-1; i < j; i, j = i+1, j-1 {\n\t\trunes[i], runes[j] = runes[j], runes[i]\n\t}\n\treturn string(runes)\n}\n\nfunc main() {\n\tfmt.Println(reverseString(\"hello\")) // olleh\n}",
    ),
    (
        Java,
        &["revers", "string"],
        "public class Main {\n    static String reverseString(String text) {\n        return new StringBuilder(text).reverse().toString();\n    }\n\n    public static void main(String[] args) {\n        System.out.println(reverseString(\"hello\")); // olleh\n    }\n}",
    ),
    (
        Python,
        &["binary", "search"],
        "def binary_search(items: list, target) -> int:\n    \"\"\"Return the index of target in the sorted items, or -1.\"\"\"\n    low, high = 0, len(items) - 1\n    while low <= high:\n        middle = (low + high) // 2\n        if items[middle] == target:\n            return middle\n        if items[middle] < target:\n            low = middle + 1\n        else:\n            high = middle - 1\n    return -1",
    ),
    (
        JavaScript,
        &["binary", "search"],
        "function binarySearch(items, target) {\n  let low = 0;\n  let high = items.length - 1;\n  while (low <= high) {\n    const middle = Math.floor((low + high) / 2);\n    if (items[middle] === target) return middle;\n    if (items[middle] < target) low = middle + 1;\n    else high = middle - 1;\n  }\n  return -1;\n}",
    ),
    (
        Python,
        &["count", "vowel"],
        "def count_vowels(text: str) -> int:\n    \"\"\"Return how many vowels text has.\"\"\"\n    return sum(letter in \"aeiou\" for letter in text.lower())",
    ),
    (
        JavaScript,
        &["count", "vowel"],
        "function countVowels(text) {\n  return (text.match(/[aeiou]/gi) ?? []).length;\n}",
    ),
    (
        Python,
        &["count", "words"],
        "def count_words(text: str) -> int:\n    \"\"\"Return how many words text has.\"\"\"\n    return len(text.split())",
    ),
    (
        JavaScript,
        &["count", "words"],
        "function countWords(text) {\n  return text.split(/\\s+/).filter(Boolean).length;\n}",
    ),
];
