"""Features of prices and of phrases, in many languages."""

import numpy as np
import pytest

from dechaff import LineBatch
from dechaff.features import line_features
from dechaff.text.tokens import find_words


def features_of(*lines: str) -> dict[str, np.ndarray]:
    batch = LineBatch.from_texts(["\n".join(lines)])
    return line_features(batch, find_words(batch))


def feature(line: str, name: str) -> float:
    return float(features_of(line)[name][0])


PRICES = {
    "₹900": "has_price is_price",
    "Rs 500": "has_price is_price",
    "Rs. 1,499 only": "has_price",
    "$9.99/month": "has_price is_price has_price_per_period",
    "Only ₹900 per month": "has_price has_price_per_period",
    "9,99 €": "has_price is_price",
    "9,99 € pro Monat": "has_price has_price_per_period",
    "4,99 € par mois": "has_price has_price_per_period",
    "12,90 € al mese": "has_price has_price_per_period",
    "R$ 19,90 por mês": "has_price has_price_per_period",
    "$ 499 al mes": "has_price has_price_per_period",
    "€ 2,50 per maand": "has_price has_price_per_period",
    "29,99 zł miesięcznie": "has_price has_price_per_period",
    "199 ₽ в месяц": "has_price has_price_per_period",
    "500 рублей": "has_price is_price",
    "49,90 ₺": "has_price is_price",
    "49,90 TL": "has_price is_price",
    "CHF 12.–": "has_price is_price",
    "USD 20": "has_price is_price",
    "20 EUR": "has_price is_price",
    "£3 a week": "has_price has_price_per_period",
    "1,200円": "has_price is_price",
    "月額980円": "has_price has_price_per_period",
    "¥1,200": "has_price is_price",
    "每月25元": "has_price has_price_per_period",
    "월 9,900원": "has_price has_price_per_period",
    "₩9,900": "has_price is_price",
    "₹499 प्रति माह": "has_price has_price_per_period",
    "500 रुपये": "has_price is_price",
    "20 ريال": "has_price is_price",
    "٢٠ ريال شهريا": "has_price has_price_per_period",
    "₪30": "has_price is_price",
    "฿250": "has_price is_price",
    "₦5000": "has_price is_price",
    "SAVE 25%": "has_percent has_discount",
    "25 % Rabatt": "has_percent has_discount",
    "٪20": "has_percent",
    "Unemployment fell to 4%": "has_percent",
}
MONEY = ("has_price", "is_price", "has_price_per_period", "has_percent", "has_discount")


@pytest.mark.parametrize(("line", "names"), PRICES.items())
def test_prices(line: str, names: str) -> None:
    """A number beside a symbol, code or word of a currency is a price in every script; with a period it is a rate."""
    found = features_of(line)
    missed = [name for name in names.split() if not found[name][0]]
    assert missed == []


@pytest.mark.parametrize(
    "line",
    ["no money here", "12 apples", "In 2024 the town had 900 houses", "He won 3-2", "", "价格上涨", "Chapter 12", "$", "€ and £",
     "Page 3 of 7", "She ran 10 miles"],
)  # fmt: skip
def test_no_prices(line: str) -> None:
    """A line without an amount of money has no price."""
    found = features_of(line or "x")
    assert [name for name in MONEY if found[name][0]] == []


def test_amounts_are_counted() -> None:
    """Currency symbols are counted, and amounts are those with a number beside them in the same line."""
    found = features_of("$5 or €6, not £", "7 apples")
    assert found["n_currency_symbols"].tolist() == pytest.approx([np.log1p(3), 0])
    assert found["n_amounts"].tolist() == pytest.approx([np.log1p(2), 0])
    assert features_of("costs €", "5")["n_amounts"].tolist() == [0, 0]


KEYWORDS = {
    "en": {"subscribe": "Subscribe now", "share": "Share on Facebook", "related": "Read more:", "date": "Last updated",
           "legal": "All rights reserved", "newsletter": "Sign up for our newsletter", "comment": "Leave a comment",
           "app": "Download our app", "login": "Log in", "credit": "Photo: Getty Images"},
    "de": {"subscribe": "Jetzt abonnieren", "share": "Artikel teilen", "related": "Lesen Sie auch", "date": "Zuletzt aktualisiert",
           "legal": "Alle Rechte vorbehalten", "newsletter": "Newsletter bestellen", "comment": "Kommentar schreiben",
           "app": "App herunterladen", "login": "Anmelden", "credit": "Foto: dpa"},
    "fr": {"subscribe": "Réservé aux abonnés", "share": "Partager", "related": "À lire aussi", "date": "Mis à jour le",
           "legal": "Tous droits réservés", "newsletter": "Inscrivez-vous à la newsletter", "comment": "Commentaires",
           "app": "Téléchargez l'application", "login": "Se connecter", "credit": "Crédit photo : AFP"},
    "es": {"subscribe": "Suscríbete", "share": "Compartir", "related": "Te puede interesar", "date": "Actualizado",
           "legal": "Todos los derechos reservados", "newsletter": "Recibe nuestro boletín", "comment": "Comentarios",
           "app": "Descarga la app", "login": "Iniciar sesión", "credit": "Foto: EFE"},
    "pt": {"subscribe": "Assine já", "share": "Compartilhar", "related": "Leia também", "date": "Atualizado em",
           "legal": "Todos os direitos reservados", "newsletter": "Receba nossa newsletter", "comment": "Comentários",
           "app": "Baixe o aplicativo", "login": "Faça login", "credit": "Foto: Divulgação"},
    "it": {"subscribe": "Abbonati ora", "share": "Condividi", "related": "Leggi anche", "date": "Ultimo aggiornamento",
           "legal": "Tutti i diritti riservati", "newsletter": "Iscriviti alla newsletter", "comment": "Commenti",
           "app": "Scarica l'app", "login": "Accedi", "credit": "Foto Ansa"},
    "nl": {"subscribe": "Word abonnee", "share": "Deel dit artikel", "related": "Lees ook", "date": "Laatst bijgewerkt",
           "legal": "Alle rechten voorbehouden", "newsletter": "Schrijf je in voor de nieuwsbrief", "comment": "Reacties",
           "app": "Download de app", "login": "Inloggen", "credit": "Foto: ANP"},
    "pl": {"subscribe": "Prenumerata", "share": "Udostępnij", "related": "Czytaj także", "date": "Aktualizacja",
           "legal": "Wszelkie prawa zastrzeżone", "newsletter": "Zapisz się na newsletter", "comment": "Komentarze",
           "app": "Pobierz aplikację", "login": "Zaloguj się", "credit": "Fot. PAP"},
    "ru": {"subscribe": "Оформить подписку", "share": "Поделиться", "related": "Читайте также", "date": "Обновлено",
           "legal": "Все права защищены", "newsletter": "Подпишитесь на рассылку", "comment": "Комментарии",
           "app": "Скачать приложение", "login": "Войти", "credit": "Фото: РИА Новости"},
    "tr": {"subscribe": "Abone ol", "share": "Paylaş", "related": "İlgili haberler", "date": "Güncelleme",
           "legal": "Tüm hakları saklıdır", "newsletter": "Bültenimize kaydolun", "comment": "Yorumlar",
           "app": "Uygulamayı indir", "login": "Giriş yap", "credit": "Fotoğraf: AA"},
    "ja": {"subscribe": "会員限定記事", "share": "シェアする", "related": "関連記事", "date": "更新日",
           "legal": "無断転載を禁じます", "newsletter": "メールマガジン", "comment": "コメント",
           "app": "アプリをダウンロード", "login": "ログイン", "credit": "写真提供"},
    "zh": {"subscribe": "立即订阅", "share": "分享到微信", "related": "相关阅读", "date": "更新时间",
           "legal": "版权所有", "newsletter": "电子报", "comment": "发表评论",
           "app": "下载客户端", "login": "登录", "credit": "图片来源：新华社"},
    "ko": {"subscribe": "구독하기", "share": "공유하기", "related": "관련기사", "date": "입력",
           "legal": "무단전재 및 재배포 금지", "newsletter": "뉴스레터", "comment": "댓글",
           "app": "앱 다운로드", "login": "로그인", "credit": "사진 제공"},
    "hi": {"subscribe": "सब्सक्राइब करें", "share": "शेयर करें", "related": "यह भी पढ़ें", "date": "अपडेटेड",
           "legal": "सर्वाधिकार सुरक्षित", "newsletter": "न्यूज़लेटर", "comment": "टिप्पणी करें",
           "app": "ऐप डाउनलोड करें", "login": "लॉगिन", "credit": "फोटो"},
    "ar": {"subscribe": "اشترك الآن", "share": "شارك", "related": "اقرأ أيضا", "date": "آخر تحديث",
           "legal": "جميع الحقوق محفوظة", "newsletter": "النشرة البريدية", "comment": "التعليقات",
           "app": "حمل التطبيق", "login": "تسجيل الدخول", "credit": "تصوير"},
}  # fmt: skip


@pytest.mark.parametrize("language", KEYWORDS)
def test_keywords(language: str) -> None:
    """Phrases of each family are found in each language."""
    missed = {
        family: line
        for family, line in KEYWORDS[language].items()
        if not feature(line, f"n_{family}_phrases") or not feature(line, "share_furniture_phrases")
    }
    assert missed == {}


def test_shares_of_keywords() -> None:
    """A family's share is the share of the line's words covered by its phrases, at most one."""
    assert feature("subscribe", "share_subscribe_phrases") == 1
    assert feature("Please subscribe near the wooden bridge", "share_subscribe_phrases") == pytest.approx(1 / 6)
    assert feature("Share this wooden bridge", "begins_with_furniture") == 1
    assert feature("The wooden bridge: share", "begins_with_furniture") == 0
