"""Example requests of the OpenAPI document, in the portal's four languages."""

from __future__ import annotations

from fastapi.openapi.models import Example

REPORTS: dict[str, Example] = {
    "français": {
        "summary": "A fake shop, in French",
        "value": {
            "report_id": "2024-000101",
            "text": "J'ai versé 1 200 dh d'acompte pour un canapé vu sur Instagram, "
            "depuis lundi la page m'a bloqué. J'ai gardé le reçu.",
            "submitted_at": "2024-10-11T09:30:00Z",
        },
    },
    "العربية": {
        "summary": "A threat to publish, in Arabic",
        "value": {
            "report_id": "2024-000102",
            "text": "شخص تعرفت عليه في تطبيق يهددني بإرسال صوري الخاصة إلى عائلتي "
            "إن لم أحول له المال قبل الغد.",
            "reporter": {"identified": False, "country": "MA"},
        },
    },
    "English": {
        "summary": "A taken-over account, in English",
        "value": {
            "report_id": "2024-000103",
            "text": "Someone got into my e-mail last night and changed the recovery phone, "
            "I can't get back in.",
        },
    },
    "español": {
        "summary": "An adult who writes to a child, in Spanish",
        "value": {
            "report_id": "2024-000104",
            "text": "Un hombre de unos 40 años escribe cada noche a mi hija de 12 en un juego "
            "y le pide que no me diga nada.",
            "language": "es",
        },
    },
}
