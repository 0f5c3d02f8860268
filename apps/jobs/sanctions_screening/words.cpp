#include "apps/jobs/sanctions_screening/words.hpp"

namespace partita::screening::words {

word_list given_names() {
  static constexpr std::string_view all[]{
      "Brigim",  "Rasina",  "Libifa",  "Rupa",    "Gilimo",  "Veve",    "Plintey", "Vunda",
      "Lisur",   "Vula",    "Pumbim",  "Flonis",  "Nabur",   "Parkan",  "Wafibas", "Tintina",
      "Dizo",    "Plumur",  "Rivukas", "Fonina",  "Gomaka",  "Sufis",   "Vaza",    "Zoldey",
      "Pevon",   "Fisko",   "Linidon", "Bebika",  "Grakon",  "Nuzuze",  "Gurti",   "Sipa",
      "Dirvan",  "Tipey",   "Vabis",   "Nelmilo", "Junan",   "Trirtur", "Hekemi",  "Sido",
      "Vonas",   "Sovize",  "Nofey",   "Bambuvo", "Kromuke", "Dugas",   "Halan",   "Bulel",
      "Mepande", "Flekim",  "Pomas",   "Lutey",   "Tunifon", "Hiatipe", "Zotamel", "Nelan",
      "Galiley", "Kriva",   "Dogis",   "Dagebon", "Molmide", "Widon",   "Zunina",  "Gine",
      "Tofumon", "Litosas", "Mezim",   "Hisonon", "Bivel",   "Sanesan", "Pelas",   "Heron",
      "Kirki",   "Dave",    "Nita",    "Vumezey", "Vezur",   "Vame",    "Havina",  "Tukupa",
      "Kefon",   "Feva",    "Zuzas",   "Nikel",   "Wapafey", "Trunode", "Nimis",   "Derte",
      "Podon",   "Nuvokon"};
  return all;
}

word_list listed_families() {
  static constexpr std::string_view all[]{
      "Durenov",    "Zusano",     "Senteman",   "Biluskade",  "Vutevari",   "Grofier",
      "Pizirade",   "Widek",      "Nondolmulo", "Julmek",     "Birier",     "Zenukoglu",
      "Bustufesh",  "Kimier",     "Zigikari",   "Durkade",    "Sutic",      "Brurdek",
      "Pevano",     "Poldukier",  "Tolufade",   "Hiastulari", "Brisileman", "Sosier",
      "Stombulo",   "Bamier",     "Kupari",     "Tedugesh",   "Vatov",      "Gogade",
      "Jordius",    "Jiasesh",    "Bareman",    "Kagier",     "Storepius",  "Vatobeton",
      "Rirtizius",  "Biapokov",   "Valitersen", "Bruladano",  "Gipubesh",   "Kuriaketon",
      "Nanopini",   "Mapestulo",  "Tapemek",    "Pliasulo",   "Kebesersen", "Buteman",
      "Terowick",   "Mudic",      "Gravostari", "Tandifez",   "Draldibano", "Derevade",
      "Nitimsen",   "Rafsen",     "Flunari",    "Krarefius",  "Trurvic",    "Redeman",
      "Libebini",   "Pinov",      "Remavius",   "Kragov",     "Zemipic",    "Lerkinski",
      "Fetepek",    "Daruzez",    "Gortukic",   "Nentinski",  "Lelmano",    "Saniric",
      "Pofaversen", "Hiaskowick", "Sarkeseman", "Tenic",      "Vepuric",    "Geleton",
      "Dorubulo",   "Plunsen",    "Gebov",      "Tiarinski",  "Fumbowick",  "Kopazic",
      "Dulikowick", "Wikezulo",   "Tromsen",    "Zigetsen",   "Kokindano",  "Dopsen",
      "Habek",      "Dufek",      "Komano",     "Fomeman",    "Vetade",     "Sogabek",
      "Netulo",     "Kopov",      "Ziadov",     "Sudupek",    "Krustoglu",  "Fokitini",
      "Zakatano",   "Karek",      "Vombifari",  "Gubersen",   "Luvureman",  "Flipopari",
      "Solmuzade",  "Grazerdek",  "Jerulo",     "Krepufini",  "Bartano",    "Bilmofini",
      "Tastinski",  "Kaveton",    "Lurvambade", "Trovemulo",  "Kaverdano",  "Semivic"};
  return all;
}

word_list other_families() {
  static constexpr std::string_view all[]{
      "Sakamius",   "Kritalier",  "Suseloglu",  "Geric",      "Pletozesh",  "Vupuzersen",
      "Ventez",     "Pofoglu",    "Regaskade",  "Gaparketon", "Surdipini",  "Vazelesh",
      "Megez",      "Kateman",    "Lustinesh",  "Jundotic",   "Pozidov",    "Gurortek",
      "Liadetini",  "Vorkiskini", "Gredartade", "Gipeman",    "Risebinski", "Zozier",
      "Lenipade",   "Pegofowick", "Krikafek",   "Stiabusius", "Forvius",    "Nulmesh",
      "Kezier",     "Jorofoglu",  "Plabinski",  "Labari",     "Zazade",     "Pilic",
      "Vumbarvari", "Nialsen",    "Grambapesh", "Stolini",    "Bostius",    "Venov",
      "Figic",      "Zominski",   "Ribini",     "Zafez",      "Flireton",   "Holduroglu",
      "Totoglu",    "Zarvinic",   "Nepersen",   "Gapimesh",   "Bodier",     "Plazezade",
      "Trervek",    "Drobersen",  "Vordari",    "Bezezowick", "Rufureman",  "Zafutari",
      "Miavuvano",  "Hugokinski", "Brurtilov",  "Nabulo",     "Bukurtade",  "Kubogic",
      "Flatsen",    "Lifodius",   "Zugenez",    "Dramulov"};
  return all;
}

word_list listed_companies() {
  static constexpr std::string_view all[]{
      "Serkovis",  "Trevalmis", "Gipudeco",  "Nodildon",  "Gakufia",   "Gabine",    "Hubora",
      "Plondodis", "Sivine",    "Kreldex",   "Niabimon",  "Zoregux",   "Gepana",    "Darvis",
      "Fombusent", "Zenevux",   "Takis",     "Natilment", "Rarvondal", "Niarigis",  "Konebine",
      "Votantex",  "Wigitent",  "Vonurora",  "Borkebora", "Plopon",    "Daldigine", "Gebozora",
      "Diasarent", "Brimekex",  "Bakon",     "Tugevon",   "Wamival",   "Dilofora",  "Zonora",
      "Mordent",   "Ritaleco",  "Beris",     "Funeco",    "Filigal",   "Robuton",   "Hestora",
      "Drilalia",  "Dekent",    "Beguvent",  "Stukon",    "Kodenon",   "Dorvia",    "Dekebeco",
      "Dolmudal",  "Zedalux",   "Gifis",     "Liarkex",   "Komine",    "Pifia",     "Zemefia",
      "Wustum",    "Hogopia",   "Panduzine", "Fonex",     "Ligon",     "Pifoldex",  "Giberia",
      "Grubux",    "Rambum",    "Flilulmis", "Vufundia",  "Mirux",     "Sitetal",   "Nimbal",
      "Sarora",    "Rokardis",  "Bekana",    "Sesakia",   "Vokeco",    "Haleco",    "Trikia",
      "Lirora",    "Pipex",     "Ziazora",   "Patigon",   "Gerum",     "Supeco",    "Kulorex",
      "Sokembent", "Pazolex",   "Nestuvux",  "Tarirtec",  "Hokux",     "Gendent"};
  return all;
}

word_list other_companies() {
  static constexpr std::string_view all[]{
      "Fadalux", "Lekine",  "Bulombal",  "Ruskuzent", "Menialine", "Kriton",   "Fuvugana",
      "Rirora",  "Mument",  "Sezundtec", "Vavine",    "Gegeco",    "Toletal",  "Jufum",
      "Begex",   "Dudebum", "Fumustis",  "Gabesteco", "Stildal",   "Vorvonux", "Plazine",
      "Fodon",   "Trabana", "Belmamux",  "Dogantia",  "Zukent",    "Vuvevia",  "Lovubon",
      "Fevosux", "Mereco",  "Fleforkex", "Tazusine",  "Virekux",   "Rulon",    "Natontec",
      "Lafum",   "Zilmia",  "Pluldis",   "Drotodal",  "Mivarton"};
  return all;
}

word_list trades() {
  static constexpr std::string_view all[]{
      "Trading",  "Shipping",   "Holdings",    "Export",    "Import",      "Logistics",
      "Textiles", "Foods",      "Metals",      "Chemicals", "Electronics", "Marine",
      "Energy",   "Consulting", "Engineering", "Timber",    "Ceramics",    "Machinery",
      "Leather",  "Transit",    "Navigation",  "Petroleum", "Aviation",    "Mining",
      "Plastics", "Furniture",  "Publishing",  "Pharmacy",  "Optics",      "Cement",
      "Steel",    "Glass",      "Paper",       "Cotton",    "Grain",       "Coffee",
      "Tobacco",  "Software",   "Insurance",   "Freight"};
  return all;
}

word_list vessel_adjectives() {
  static constexpr std::string_view all[]{
      "Silver",  "Golden", "Northern", "Southern", "Quiet",   "Bright",  "Crimson", "Ancient",
      "Distant", "Gentle", "Proud",    "Royal",    "Amber",   "Eastern", "Western", "Hidden",
      "Rapid",   "Frosty", "Emerald",  "Humble",   "Roaming", "Velvet",  "Winter",  "Summer"};
  return all;
}

word_list vessel_nouns() {
  static constexpr std::string_view all[]{
      "Lantern", "Falcon",  "Harbour", "Compass", "Breeze",  "Anchor",  "Dolphin", "Meadow",
      "Horizon", "Current", "Pilgrim", "Sparrow", "Beacon",  "Thunder", "Voyager", "Comet",
      "Orchid",  "Glacier", "Heron",   "Monsoon", "Sextant", "Tide",    "Marlin",  "Zephyr"};
  return all;
}

word_list cities() {
  static constexpr std::string_view all[]{
      "Fumbaburg",  "Zeldmouth", "Lipapin",    "Tuntemstad", "Famagstad",  "Mazuzaburg",
      "Lenda",      "Tulaburg",  "Jitetedal",  "Pibaburg",   "Drigova",    "Flasmouth",
      "Jurkford",   "Trabstad",  "Relibograd", "Fusitford",  "Pilipmouth", "Rialemedal",
      "Repinova",   "Tirva",     "Testaburg",  "Rontmouth",  "Krifin",     "Stidograd",
      "Zidida",     "Gupova",    "Bupalmova",  "Naderford",  "Vigedal",    "Libenova",
      "Devamaburg", "Horvford",  "Sumedal",    "Kusford",    "Verdova",    "Miputstad",
      "Limiara",    "Tumetford", "Zambuvstad", "Sulmin",     "Flineport",  "Grifuta",
      "Bufeport",   "Budstad",   "Hozostford", "Goleport",   "Sededal",    "Waska",
      "Zirtetstad", "Pelford"};
  return all;
}

word_list countries() {
  static constexpr std::string_view all[]{
      "Hinistan",  "Ninavia",    "Gorkistan",  "Tartozavia", "Gondotia",  "Tefistan",  "Guzervmark",
      "Dirvia",    "Stemavia",   "Rufiatonia", "Durodonia",  "Flurvugia", "Stundonia", "Fomavia",
      "Rofapavia", "Gizavistan", "Fondorvia",  "Rubadmark",  "Krondmark", "Bulmark"};
  return all;
}

word_list listed_streets() {
  static constexpr std::string_view all[]{
      "Haduko",   "Zapow",   "Giambley", "Razitley", "Tendudley", "Siloving",  "Kafildow",
      "Piandata", "Sepum",   "Grubono",  "Kifiver",  "Rifley",    "Binderver", "Lortaring",
      "Zeba",     "Lirvo",   "Habader",  "Nemer",    "Zofiven",   "Zuro",      "Mepow",
      "Lostabow", "Drusum",  "Silozum",  "Listow",   "Dregow",    "Fatafa",    "Brirko",
      "Suboko",   "Damulow", "Jufo",     "Buto",     "Jalombow",  "Fekirtow",  "Seldoten",
      "Riturel",  "Bulder",  "Fluver",   "Mema",     "Zantum",    "Vikow",     "Dorda",
      "Jirva",    "Gego",    "Grelusa"};
  return all;
}

word_list other_streets() {
  static constexpr std::string_view all[]{
      "Sirkusley", "Refomo",  "Barvoger",  "Lazaster", "Drizomer", "Zusufo", "Hugirkow",
      "Gemley",    "Safing",  "Hokley",    "Nambo",    "Zizer",    "Parker", "Brotuba",
      "Toven",     "Rekefum", "Zatonting", "Fokider",  "Plebow",   "Tama",   "Bamel",
      "Stezener",  "Matow",   "Duzen",     "Stabow"};
  return all;
}

word_list details() {
  static constexpr std::string_view all[]{
      "invoice",    "order",      "delivery",     "advance",     "balance",    "deposit",
      "refund",     "rent",       "salary",       "repair",      "transport",  "storage",
      "licence",    "survey",     "training",     "spare",       "parts",      "furniture",
      "catering",   "cleaning",   "heating",      "printing",    "design",     "freight",
      "customs",    "duty",       "insurance",    "premium",     "instalment", "loan",
      "interest",   "membership", "subscription", "advertising", "consulting", "translation",
      "harvest",    "timber",     "gravel",       "cement",      "bricks",     "cables",
      "lamps",      "pumps",      "valves",       "bearings",    "engines",    "tyres",
      "tools",      "paint",      "fabric",       "yarn",        "leather",    "shoes",
      "gloves",     "coats",      "blankets",     "flour",       "sugar",      "coffee",
      "tea",        "spices",     "rice",         "beans",       "fruit",      "vegetables",
      "cheese",     "honey",      "bottles",      "crates",      "pallets",    "barrels",
      "labels",     "boxes",      "paper",        "ink",         "folders",    "chairs",
      "tables",     "shelves",    "carpets",      "curtains",    "windows",    "doors",
      "tiles",      "roofing",    "garden",       "fence",       "well",       "bridge",
      "road",       "harbour",    "railway",      "station",     "ticket",     "hotel",
      "conference", "exhibition", "museum",       "concert",     "school",     "library",
      "clinic",     "medicine",   "glasses",      "dental",      "laboratory", "research",
      "software",   "server",     "network",      "telephone",   "postage",    "parcel",
      "courier",    "bicycle",    "boat",         "trailer",     "tractor",    "plough",
      "seed",       "fertiliser", "wool"};
  return all;
}

}  // namespace partita::screening::words
