//! Literals of Rust as JSON.

use syn::{Expr, ExprLit, ExprUnary, Lit, UnOp};

/// The JSON of an expression that is a literal (a negative number too).
pub(crate) fn json(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Group(group) => json(&group.expr),
        Expr::Lit(ExprLit { lit, .. }) => match lit {
            Lit::Int(number) => Some(number.base10_digits().to_owned()),
            Lit::Float(number) => {
                let digits = number.base10_digits();
                Some(if digits.ends_with('.') { format!("{digits}0") } else { digits.to_owned() })
            }
            Lit::Bool(flag) => Some(flag.value.to_string()),
            Lit::Str(text) => Some(string(&text.value())),
            Lit::Char(one) => Some(string(&one.value().to_string())),
            _ => None,
        },
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => {
            is_number(expr).then(|| json(expr)).flatten().map(|number| format!("-{number}"))
        }
        _ => None,
    }
}

/// Whether an expression is the literal of a number, or its negative.
pub(crate) fn is_number(expression: &Expr) -> bool {
    match expression {
        Expr::Group(group) => is_number(&group.expr),
        Expr::Lit(ExprLit { lit, .. }) => matches!(lit, Lit::Int(_) | Lit::Float(_)),
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => is_number(expr),
        _ => false,
    }
}

/// The whole number that an expression is, if it is the literal of one.
pub(crate) fn integer(expression: &Expr) -> Option<i128> {
    json(expression).filter(|_| is_number(expression))?.parse().ok()
}

fn string(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            control if u32::from(control) < 0x20 => json.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => json.push(other),
        }
    }
    json.push('"');
    json
}
